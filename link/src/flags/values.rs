//! Values of flags.

use crate::addresses;
use crate::error::{Error, Result};

/// A switch's value.
pub(super) fn parse_bool(v: &str) -> Option<bool> {
    match v {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        // The stock flags count: `-v=2` is more of it.
        _ => v.parse::<u32>().ok().map(|n| n > 0),
    }
}

/// `0x…` of whole bytes, at most 32 of them.
pub(super) fn parse_hex(value: &str) -> Result<Vec<u8>> {
    let bad = |why: &str| Error::new(format!("-B {value}: {why}"));
    let digits = value
        .strip_prefix("0x")
        .ok_or_else(|| bad("write the bytes as 0x followed by hexadecimal digits"))?;
    if digits.is_empty() || digits.len() % 2 != 0 || !digits.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Err(bad("an even number of hexadecimal digits is needed"));
    }
    if digits.len() > 64 {
        return Err(bad("at most 32 bytes fit"));
    }
    let bytes = (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16));
    bytes
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| bad("it is not hexadecimal"))
}

/// A number as Go's flags read it; -1 means the default.
pub(super) fn parse_number(flag: &str, value: &str) -> Result<Option<u64>> {
    if value == "-1" {
        return Ok(None);
    }
    let parsed = if let Some(hex) = value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"))
    {
        // A sign may only be in front of all.
        u64::from_str_radix(if hex.starts_with('+') { "" } else { hex }, 16)
    } else if value.len() > 1 && value.starts_with('0') {
        u64::from_str_radix(&value[1..], 8)
    } else {
        value.parse()
    };
    parsed.map(Some).map_err(|_| {
        Error::new(format!(
            "invalid value \"{value}\" for flag -{flag}: a number is needed, not negative"
        ))
    })
}

/// An address for a section.
pub(super) fn parse_address(flag: &str, value: &str) -> Result<Option<u64>> {
    let Some(address) = parse_number(flag, value)? else {
        return Ok(None);
    };
    let why = if address >= addresses::END {
        "Go code reaches only addresses below 2 GiB".to_string()
    } else if address < addresses::FIRST {
        format!(
            "Linux keeps the addresses below {:#x} free",
            addresses::FIRST
        )
    } else if address % addresses::ALIGN != 0 {
        format!("a multiple of {:#x} is needed", addresses::ALIGN)
    } else {
        return Ok(Some(address));
    };
    Err(Error::new(format!("-{flag} {value}: {why}")))
}

/// Words separated by blanks; quotes of either kind keep blanks in a word.
pub(super) fn split_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut open) = (Vec::new(), String::new(), None, false);
    for c in text.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.push(c),
            None if c == '"' || c == '\'' => (quote, open) = (Some(c), true),
            None if c.is_whitespace() => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            None => word.push(c),
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_where_a_program_can_be() {
        let parse = |v: &str| parse_address("T", v).map_err(|e| e.to_string());
        assert_eq!(parse("-1"), Ok(None));
        assert_eq!(parse("0x500000"), Ok(Some(0x50_0000)));
        assert_eq!(parse("020000000"), Ok(Some(0x40_0000)));
        for (value, why) in [
            ("0", "-T 0: Linux keeps the addresses below 0x10000 free"),
            (
                "0x80000000",
                "-T 0x80000000: Go code reaches only addresses below 2 GiB",
            ),
            ("0x401001", "-T 0x401001: a multiple of 0x100 is needed"),
            (
                "-5",
                "invalid value \"-5\" for flag -T: a number is needed, not negative",
            ),
            (
                "0x+500000",
                "invalid value \"0x+500000\" for flag -T: a number is needed, not negative",
            ),
            (
                "99999999999999999999",
                "invalid value \"99999999999999999999\" for flag -T: a number is needed, not negative",
            ),
        ] {
            assert_eq!(parse(value), Err(why.to_string()));
        }
    }

    #[test]
    fn words() {
        assert_eq!(
            split_words(" -a  '-b c' -d=\"e f\" ''"),
            ["-a", "-b c", "-d=e f", ""]
        );
    }
}
