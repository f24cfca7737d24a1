//! Damage done to files, chosen by numbers that come from a seed.

use std::ops::Range;

/// Numbers from a seed (splitmix64): the same for a seed and an index, whatever else is drawn.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of one variant.
    pub fn new(seed: u64, index: u32) -> Self {
        let mut first = Self(seed);
        Self(first.next() ^ u64::from(index).wrapping_mul(0xd605_1a5f_2f4d_72e3))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    fn choose<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// A piece of a range, short more often than long.
    fn piece(&mut self, of: &Range<usize>) -> Range<usize> {
        let len = of.len();
        if len == 0 {
            return of.start..of.start;
        }
        let start = of.start + self.below(len);
        let longest = [4, 16, 64, 1024, len][self.below(5)].min(of.end - start);
        start..start + 1 + self.below(longest)
    }
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// One bit is another.
    Bit,
    /// Some bits, anywhere.
    Bits,
    /// A byte is any other.
    Byte,
    /// A byte is the next or the last, or the largest or smallest: sizes and counts are off by one,
    /// or huge.
    Edge,
    /// The end is missing.
    Cut,
    /// A piece is missing.
    Loss,
    /// A piece is there twice.
    Repeat,
    /// A piece is zeros.
    Zeros,
    /// Neighbouring pieces have changed places.
    Swap,
    /// A piece of another file is in it.
    Splice,
    /// A member of an archive is there twice.
    MemberTwice,
    /// A member of an archive is missing, or empty.
    MemberLost,
    /// Members of an archive in another order.
    MemberOrder,
    /// A member of another package.
    MemberForeign,
    /// The header of a member.
    MemberHeader,
}

impl Damage {
    /// What any file can suffer.
    pub fn any(random: &mut Random) -> Self {
        random.choose(&[
            Self::Bit,
            Self::Bits,
            Self::Byte,
            Self::Edge,
            Self::Cut,
            Self::Loss,
            Self::Repeat,
            Self::Zeros,
            Self::Swap,
            Self::Splice,
        ])
    }

    /// What leaves everything else of a file in its place.
    pub fn inside(random: &mut Random) -> Self {
        random.choose(&[
            Self::Bit,
            Self::Bits,
            Self::Byte,
            Self::Edge,
            Self::Zeros,
            Self::Swap,
        ])
    }

    /// What an archive can suffer.
    pub fn of_archive(random: &mut Random) -> Self {
        random.choose(&[
            Self::Bit,
            Self::Cut,
            Self::Loss,
            Self::MemberTwice,
            Self::MemberLost,
            Self::MemberOrder,
            Self::MemberForeign,
            Self::MemberHeader,
        ])
    }

    /// For the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bit => "a bit",
            Self::Bits => "bits",
            Self::Byte => "a byte",
            Self::Edge => "a number's edge",
            Self::Cut => "a cut",
            Self::Loss => "a loss",
            Self::Repeat => "a repeat",
            Self::Zeros => "zeros",
            Self::Swap => "a swap",
            Self::Splice => "a splice",
            Self::MemberTwice => "a member twice",
            Self::MemberLost => "a member lost",
            Self::MemberOrder => "members' order",
            Self::MemberForeign => "a foreign member",
            Self::MemberHeader => "a member's header",
        }
    }

    /// Does it to `bytes`, within `range`.
    pub fn apply(
        self,
        random: &mut Random,
        bytes: &mut Vec<u8>,
        range: Range<usize>,
        donor: &[u8],
    ) {
        if range.is_empty() {
            return;
        }
        let at = range.start + random.below(range.len());
        let piece = random.piece(&range);
        match self {
            Self::Bit => bytes[at] ^= 1 << random.below(8),
            Self::Bits => {
                for _ in 0..2 + random.below(7) {
                    let at = range.start + random.below(range.len());
                    bytes[at] ^= 1 << random.below(8);
                }
            }
            Self::Byte => bytes[at] = random.byte(),
            Self::Edge => {
                let old = bytes[at];
                let edges = [
                    old.wrapping_add(1),
                    old.wrapping_sub(1),
                    0,
                    0x7f,
                    0x80,
                    0xff,
                ];
                bytes[at] = random.choose(&edges);
            }
            Self::Cut => bytes.truncate(at),
            Self::Loss => drop(bytes.drain(piece)),
            Self::Repeat => {
                let again = bytes[piece.clone()].to_vec();
                drop(bytes.splice(piece.end..piece.end, again));
            }
            Self::Zeros => bytes[piece].fill(0),
            Self::Swap => {
                let middle = piece.start + random.below(piece.len());
                let left = middle - piece.start;
                bytes[piece].rotate_left(left.max(1));
            }
            Self::Splice => {
                let from = random.piece(&(0..donor.len()));
                drop(bytes.splice(piece, donor[from].iter().copied()));
            }
            _ => {}
        }
    }
}

/// An archive of a package main, damaged. `other` is another object.
pub fn archive(random: &mut Random, damage: Damage, object: &[u8], other: &[u8]) -> Vec<u8> {
    let header_line = object.split(|&b| b == b'\n').next().unwrap_or_default();
    let exports = [header_line, b"\n\n$$\npackage main\n$$\n\n!\n"].concat();
    let mut members: Vec<(&str, &[u8])> = vec![("__.PKGDEF", &exports), ("_go_.o", object)];
    match damage {
        Damage::MemberTwice => members.push(members[random.below(2)]),
        Damage::MemberLost if random.below(2) == 0 => drop(members.remove(random.below(2))),
        Damage::MemberLost => members[random.below(2)].1 = b"",
        Damage::MemberOrder => members.reverse(),
        Damage::MemberForeign => members.push(("other_amd64.o", other)),
        _ => {}
    }
    let mut bytes = b"!<arch>\n".to_vec();
    let mut headers = Vec::new();
    for (name, data) in members {
        headers.push(bytes.len()..bytes.len() + 60);
        let size = data.len();
        let head = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644);
        bytes.extend(head.bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    let all = 0..bytes.len();
    match damage {
        Damage::MemberHeader => {
            let header = headers[random.below(headers.len())].clone();
            let inside = Damage::inside(random);
            inside.apply(random, &mut bytes, header, &[]);
        }
        plain => plain.apply(random, &mut bytes, all, &[]),
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_come_from_seed_and_number() {
        let numbers = |seed, index| {
            let mut r = Random::new(seed, index);
            [r.next(), r.next()]
        };
        assert_eq!(numbers(1, 5), numbers(1, 5));
        assert_ne!(numbers(1, 5), numbers(1, 6));
        assert_ne!(numbers(1, 5), numbers(2, 5));
    }

    #[test]
    fn damage_stays_in_its_range() {
        for index in 0..2000 {
            let mut r = Random::new(3, index);
            let mut bytes: Vec<u8> = (0..200).collect();
            let whole = bytes.clone();
            let damage = Damage::inside(&mut r);
            damage.apply(&mut r, &mut bytes, 50..90, &[]);
            assert_eq!(bytes.len(), 200, "{damage:?}");
            assert_eq!((&bytes[..50], &bytes[90..]), (&whole[..50], &whole[90..]));
        }
    }

    #[test]
    fn every_damage_is_done_and_none_panics() {
        for index in 0..3000 {
            let mut r = Random::new(4, index);
            let mut bytes: Vec<u8> = (0..1 + r.below(300)).map(|b| b as u8).collect();
            let damage = Damage::any(&mut r);
            let all = 0..bytes.len();
            damage.apply(&mut r, &mut bytes, all, b"donor");
            let damage = Damage::of_archive(&mut r);
            assert!(
                !archive(&mut r, damage, b"go object\n!\n", b"x").is_empty()
                    || damage == Damage::Cut
            );
        }
    }
}
