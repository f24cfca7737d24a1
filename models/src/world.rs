//! Stands for the runtime's `src/world`.

#[path = "../../src/world/pstatus.rs"]
pub mod pstatus;
#[path = "../../src/world/ranlist.rs"]
pub mod ranlist;
#[path = "../../src/world/status.rs"]
pub mod status;
#[allow(dead_code, reason = "of pools of sudogs the models have none")]
#[path = "../../src/world/sudog.rs"]
pub mod sudog;

/// A sudog of `g` that waits for nothing yet.
pub fn sudog_of(g: *mut crate::abi::G, select: bool) -> sudog::Sudog {
    sudog::Sudog {
        select,
        ..sudog::Sudog::new(g)
    }
}

/// Why a goroutine waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum WaitReason {
    /// For one channel.
    ChanReceive = 1,
    /// For several.
    Select = 5,
}
