//! The `ar` container of Go packages.

use super::Fault;

/// First bytes of an archive.
pub const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// One file of an archive, or the whole of a bare object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Name; cut to 16 bytes by the tools. Empty for a bare object.
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
        let name = String::from_utf8_lossy(&head[..16])
            .trim_end_matches([' ', '/'])
            .to_string();
        let offset = pos + HEADER;
        let Some(data) = offset
            .checked_add(size)
            .and_then(|end| file.get(offset..end))
        else {
            let left = file.len() - offset;
            return Err(Fault::at(
                pos,
                format!("member {name} has {size} bytes, {left} are left (truncated)"),
            ));
        };
        out.push(Member { name, data, offset });
        pos = offset + size + (size & 1);
    }
    Ok(out)
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
    fn every_truncation_is_refused_or_shorter() {
        let a = archive(&[("a", b"abcd"), ("b", b"efgh")]);
        for n in MAGIC.len() + 1..a.len() {
            if n != MAGIC.len() + HEADER + 4 {
                assert!(members(&a[..n]).is_err(), "cut at {n}");
            }
        }
    }
}
