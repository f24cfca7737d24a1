"""gdb commands for programs on gort: source this file in gdb.

    info goroutines         all goroutines: number, state, where it is, who started it
    goroutine N COMMAND     COMMAND as if goroutine N were the selected thread: goroutine 7 bt
"""

import gdb

# Offsets in the structures of abi/go15.h; a test of src/abi/tests.rs holds them against it.
OFFSETS = {
    "G.m": 48,
    "G.sched": 64,
    "G.waitreason": 168,
    "G.atomicstatus": 176,
    "G.goid": 184,
    "G.gopc": 200,
    "G.alllink": 256,
    "G.interrupted": 400,
    "M.curg": 8,
    "M.tid": 56,
    "Gobuf.sp": 0,
    "Gobuf.pc": 8,
}
# Of the interrupted goroutine's registers (src/sched/registers.rs).
REGISTER_SP, REGISTER_PC = 15 * 8, 16 * 8

STATES = {0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead", 8: "copystack"}
# Or-ed to the state while the collector scans the stack.
SCAN = 0x1000


# Bytes of fields that are no words.
SIZES = {"G.waitreason": 4, "G.atomicstatus": 4, "M.tid": 4}


def word(address, size=8):
    """The number at an address."""
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, size)), "little")


def field(structure, name):
    return word(structure + OFFSETS[name], SIZES.get(name, 8))


def goroutines():
    """The addresses of all Gs that live, oldest first."""
    for line in gdb.execute("info variables sched::state::ALL_GS", to_string=True).splitlines():
        if "ALL_GS" in line and line.startswith("0x"):
            g = word(int(line.split()[0], 16))
            break
    else:
        raise gdb.GdbError("this is no program on gort, or it has no symbols")
    found = []
    while g:
        if state(g) not in ("idle", "dead"):
            found.append(g)
        g = field(g, "G.alllink")
    return reversed(found)


def state(g):
    status = field(g, "G.atomicstatus") & ~SCAN
    return STATES.get(status, str(status))


def thread(g):
    """The thread that runs g's code, as opposed to code of the runtime for it; None if there is none."""
    m = field(g, "G.m")
    if not m or field(m, "M.curg") != g:
        return None
    for thread in gdb.selected_inferior().threads():
        if thread.ptid[1] == field(m, "M.tid"):
            before = gdb.selected_thread()
            thread.switch()
            # The word below the thread's FS base is the G whose code runs.
            runs = word(int(gdb.parse_and_eval("$fs_base")) - 8) == g
            before.switch()
            return thread if runs else None
    return None


def context(g):
    """pc and sp of a goroutine that no thread runs."""
    registers = field(g, "G.interrupted")
    if registers:
        return word(registers + REGISTER_PC), word(registers + REGISTER_SP)
    sched = g + OFFSETS["G.sched"]
    return word(sched + OFFSETS["Gobuf.pc"]), word(sched + OFFSETS["Gobuf.sp"])


def name(pc):
    block = gdb.block_for_pc(pc)
    while block and not block.function:
        block = block.superblock
    if block:
        return str(block.function)
    text = gdb.execute("info symbol %#x" % pc, to_string=True)
    return text.split()[0] if " in section " in text else "%#x" % pc


class InfoGoroutines(gdb.Command):
    "List all goroutines: number, state, where it is, who started it."

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    def invoke(self, _argument, _tty):
        selected = gdb.selected_thread()
        for g in goroutines():
            runs = thread(g)
            if runs:
                runs.switch()
                pc = int(gdb.parse_and_eval("$pc"))
                selected.switch()
            else:
                pc = context(g)[0]
            by = field(g, "G.gopc")
            print(
                "%s %4d  %-9s %s%s"
                % (
                    "*" if runs == selected and runs else " ",
                    field(g, "G.goid"),
                    state(g),
                    name(pc),
                    ", started by " + name(by - 1) if by else "",
                )
            )


class Goroutine(gdb.Command):
    "Run a gdb command as if goroutine N were the selected thread: goroutine N COMMAND."

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    def invoke(self, argument, _tty):
        number, _, command = argument.partition(" ")
        if not number.isdigit() or not command:
            raise gdb.GdbError("usage: goroutine N COMMAND")
        for g in goroutines():
            if field(g, "G.goid") == int(number):
                return self.run(g, command)
        raise gdb.GdbError("there is no goroutine " + number)

    def run(self, g, command):
        selected, frame = gdb.selected_thread(), gdb.selected_frame()
        runs = thread(g)
        if runs:
            runs.switch()
            try:
                gdb.execute(command)
            finally:
                selected.switch()
                frame.select()
            return
        gdb.newest_frame().select()
        saved = [(r, int(gdb.parse_and_eval(r))) for r in ("$sp", "$pc")]
        pc, sp = context(g)
        try:
            gdb.execute("set $sp = %#x" % sp)
            gdb.execute("set $pc = %d" % pc)
            gdb.execute(command)
        finally:
            for register, value in saved:
                gdb.execute("set %s = %d" % (register, value))


InfoGoroutines()
Goroutine()
