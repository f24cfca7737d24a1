//! A file and a line in one word: how a function record of the pclntab says where the Go tree
//! declares a function of the library.

/// The word of a file's number and a line; 0, which is no place, where they do not fit.
pub fn packed((file, line): (u32, u32)) -> u32 {
    match (u16::try_from(file), u16::try_from(line)) {
        (Ok(file), Ok(line)) => u32::from(file) << 16 | u32::from(line),
        _ => 0,
    }
}

/// The file's number, 0 for none, and the line.
pub fn unpacked(word: u32) -> (u32, u32) {
    (word >> 16, word & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        for place in [(1, 2), (0xffff, 0xffff), (0, 0)] {
            assert_eq!(unpacked(packed(place)), place);
        }
        assert_eq!(packed((0x1_0000, 1)), 0);
        assert_eq!(packed((1, 0x1_0000)), 0);
    }
}
