//! Kinds of events of the execution trace.

/// Kinds of events; the reader knows the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "docs/trace.md lists them")]
pub enum Kind {
    Batch = 1,
    Frequency = 2,
    Stack = 3,
    Gomaxprocs = 4,
    ProcStart = 5,
    ProcStop = 6,
    GcStart = 7,
    GcDone = 8,
    GcScanStart = 9,
    GcScanDone = 10,
    GcSweepStart = 11,
    GcSweepDone = 12,
    GoCreate = 13,
    GoStart = 14,
    GoEnd = 15,
    #[doc(alias = "traceEvGoStop")]
    GoStop = 16,
    GoSched = 17,
    GoPreempt = 18,
    GoSleep = 19,
    GoBlock = 20,
    GoUnblock = 21,
    GoBlockSend = 22,
    GoBlockRecv = 23,
    GoBlockSelect = 24,
    GoBlockSync = 25,
    GoBlockCond = 26,
    #[doc(alias = "traceEvGoBlockNet")]
    GoBlockNet = 27,
    GoSysCall = 28,
    GoSysExit = 29,
    GoSysBlock = 30,
    GoWaiting = 31,
    GoInSyscall = 32,
    HeapAlloc = 33,
    NextGc = 34,
    TimerGoroutine = 35,
}
