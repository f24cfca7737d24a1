//! The `ar` container of Go packages.

use super::Fault;

/// First bytes of an archive.
pub const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;
/// The member that holds long names.
const LONG_NAMES: &[u8] = b"//";

/// One file of an archive, or the whole of a bare object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Name. Go's tools cut it to 16 bytes; others keep a long one elsewhere in the archive, whence
    /// it is taken. Empty for a bare object.
    pub name: String,
    /// Contents.
    pub data: &'a [u8],
    /// Where `data` starts in the file.
    pub offset: usize,
}

/// Splits a file into its members. Offsets of faults are offsets in the file.
pub fn members(file: &[u8]) -> Result<Vec<Member<'_>>, Fault> {
    if !file.starts_with(MAGIC) {
        return Ok(vec![Member {
            name: String::new(),
            data: file,
            offset: 0,
        }]);
    }
    let mut out = Vec::new();
    let mut long_names: &[u8] = &[];
    let mut pos = MAGIC.len();
    while pos < file.len() {
        let Some(head) = file.get(pos..pos + HEADER) else {
            return Err(Fault::at(
                pos,
                "the archive ends inside a member header (truncated)",
            ));
        };
        if &head[58..60] != b"`\n" {
            return Err(Fault::at(
                pos + 58,
                "archive member header without its end mark",
            ));
        }
        let size = std::str::from_utf8(&head[48..58])
            .ok()
            .and_then(|s| s.trim_end().parse::<usize>().ok());
        let Some(size) = size else {
            return Err(Fault::at(pos + 48, "archive member header without a size"));
        };
        let offset = pos + HEADER;
        let field = head[..16].trim_ascii_end();
        let Some(data) = offset
            .checked_add(size)
            .and_then(|end| file.get(offset..end))
        else {
            let left = file.len() - offset;
            let name = member_name(field, long_names, &[]);
            return Err(Fault::at(
                pos,
                format!("member {name} has {size} bytes, {left} are left (truncated)"),
            ));
        };
        if field == LONG_NAMES {
            long_names = data;
        }
        let name = member_name(field, long_names, data);
        out.push(Member { name, data, offset });
        pos = offset + size + (size & 1);
    }
    Ok(out)
}

/// What the name in a header stands for. GNU's tools end names with a slash and write the place of
/// a long one in [`LONG_NAMES`]; BSD's put a long one before the member's bytes and write its
/// length.
fn member_name(field: &[u8], long_names: &[u8], data: &[u8]) -> String {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<usize>().ok();
    let gnu = || {
        let name = long_names.get(number(field.strip_prefix(b"/")?)?..)?;
        name.split(|&b| b == b'\n').next()
    };
    let bsd = || data.get(..number(field.strip_prefix(b"#1/")?)?);
    let name = gnu().or_else(bsd).unwrap_or(field);
    // The names of GNU's tables are slashes, and no others have none in front of them.
    let short = name.strip_suffix(b"/").filter(|short| !short.is_empty());
    let name = short.filter(|_| name != LONG_NAMES).unwrap_or(name);
    String::from_utf8_lossy(name)
        .trim_end_matches('\0')
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for (name, data) in parts {
            out.extend(
                format!(
                    "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                    0,
                    0,
                    0,
                    644,
                    data.len()
                )
                .bytes(),
            );
            out.extend(*data);
            if data.len() % 2 == 1 {
                out.push(0);
            }
        }
        out
    }

    #[test]
    fn members_of_odd_length() {
        let a = archive(&[("__.PKGDEF", b"abc"), ("_go_.o", b"defg")]);
        let m = members(&a).unwrap();
        assert_eq!(m.len(), 2);
        assert_eq!((m[0].name.as_str(), m[0].data), ("__.PKGDEF", &b"abc"[..]));
        assert_eq!((m[1].name.as_str(), m[1].data), ("_go_.o", &b"defg"[..]));
    }

    #[test]
    fn names_are_those_of_the_files() {
        let a = archive(&[
            ("/", b"\0\0\0\0"),
            ("//", b"a_long_name_of_a_file.o/\nb.o/\n"),
            ("/0", b"x"),
            ("/25", b"y"),
            ("short.o/", b"z"),
            ("/99", b"no such"),
            ("#1/20", b"sixteen_and_more.o\0\0data"),
            ("cut_to_sixteen_b", b"g"),
        ]);
        let names: Vec<_> = members(&a).unwrap().into_iter().map(|m| m.name).collect();
        assert_eq!(
            names,
            [
                "/",
                "//",
                "a_long_name_of_a_file.o",
                "b.o",
                "short.o",
                "/99",
                "sixteen_and_more.o",
                "cut_to_sixteen_b"
            ]
        );
    }

    #[test]
    fn every_truncation_is_refused_or_shorter() {
        let a = archive(&[("a", b"abcd"), ("b", b"efgh")]);
        for n in MAGIC.len() + 1..a.len() {
            if n != MAGIC.len() + HEADER + 4 {
                assert!(members(&a[..n]).is_err(), "cut at {n}");
            }
        }
    }
}
