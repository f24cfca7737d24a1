"""gdb for programs on gort. Executables name this script; by hand it is loaded with: source gort-gdb.py

    print x                 strings, slices, maps, channels, interfaces and funcs as a Go programmer reads them
    $len(x), $cap(x)        of strings, slices, maps, channels
    $dtype(x)               the value in an interface, with its own type
    iface x ...             static and dynamic type of interfaces
    info goroutines         all goroutines: number, state, where it is, who started it; * is the selected thread's
    goroutine N COMMAND     COMMAND as if goroutine N were the selected thread: goroutine 7 bt, goroutine all bt

All of it works on a process and on a core file.
"""

import functools
import os
import re
import sys

import gdb
from gdb.FrameDecorator import FrameDecorator
from gdb.unwinder import Unwinder

print("Loading Go Runtime support.", file=sys.stderr)

# Offsets in the structures of abi/go15.h; a test of src/abi/tests.rs holds them against it.
OFFSETS = {
    "G.m": 48,
    "G.sched": 64,
    "G.parkmap": 136,
    "G.waitreason": 168,
    "G.atomicstatus": 176,
    "G.goid": 184,
    "G.gopc": 200,
    "G.alllink": 256,
    "G.interrupted": 400,
    "M.curg": 8,
    "M.tid": 64,
    "Gobuf.sp": 0,
    "Gobuf.pc": 8,
    "Type.kind": 23,
    "ArrayType.elem": 72,
    "ArrayType.len": 88,
    "ChanType.dir": 80,
    "MapType.elem": 80,
}
# Of the interrupted goroutine's registers (src/world/registers.rs).
REGISTER_SP, REGISTER_PC = 15 * 8, 16 * 8
# Bytes of fields that are no words.
SIZES = {"G.parkmap": 4, "G.waitreason": 4, "G.atomicstatus": 4, "M.tid": 4, "Type.kind": 1}

STATES = {0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead", 8: "copystack"}
# Or-ed to the state while the collector scans the stack.
SCAN = 0x1000

# By the number in G.waitreason; the same test holds them against src/world/g.rs.
REASONS = [
    "",
    "chan receive",
    "chan send",
    "chan receive (nil chan)",
    "chan send (nil chan)",
    "select",
    "select (no cases)",
    "semacquire",
    "sleep",
    "IO wait",
    "finalizer wait",
    "GC worker (idle)",
    "timer goroutine (idle)",
    "syscall",
    "wait for GC cycle",
    "semacquire",
    "semarelease",
    "trace reader (blocked)",
    "semacquire",
    "stack growth",
    "panicwait",
]

# Kinds of types in descriptors.
ARRAY, CHAN, MAP, PTR, SLICE = 17, 18, 21, 22, 23
KIND_MASK, DIRECT = 0x1F, 0x20
DIRECTIONS = {1: "<-chan ", 2: "chan<- ", 3: "chan "}

# Hash bytes of a map's slots (src/map/table.rs): 0 is an empty one; below the smallest of an entry,
# the slot's bucket has been evacuated into the new table.
MIN_TOP = 4
# More than that is no length but what was in memory before a variable got its value.
LARGEST = 1 << 46
# Interfaces in interfaces are shown to this depth, and this many of them: they may lead back to
# where they began.
DEEPEST, MOST = 4, 200


#
# Memory
#


def word(address, size=8):
    """The number at an address."""
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, size)), "little")


def field(structure, name):
    return word(structure + OFFSETS[name], SIZES.get(name, 8))


def go_string(value):
    """The text of a string, as Python's."""
    length = int(value["len"])
    if length == 0:
        return ""
    return bytes(gdb.selected_inferior().read_memory(int(value["str"]), length)).decode("utf-8", "replace")


#
# Types
#


def lookup_type(name):
    """The type of this name in the debug information, or None."""
    with gdb.with_parameter("language", "go"):
        main = gdb.lookup_static_symbol("main.main")
        # Outside of the block that holds Go's types gdb prefers its own of the same name, and its
        # int has 32 bits.
        where = [main.symtab.static_block()] if main else []
        for spelling in (name, "struct " + name):
            try:
                return gdb.lookup_type(spelling, *where)
            except gdb.error:
                pass
    return None


def escaped(path):
    """An import path as it is spelled in the names of symbols."""
    start = path.rfind("/") + 1
    escape = lambda i, c: c <= " " or c in '%"' or c >= "\x7f" or (c == "." and i >= start)
    return "".join("".join("%%%02x" % b for b in c.encode()) if escape(i, c) else c for i, c in enumerate(path))


def type_name(t):
    """The name in the debug information of the type with this descriptor. There it begins with the whole import path."""
    uncommon = t["x"]
    if int(uncommon) and int(uncommon["name"]):
        path = go_string(uncommon["pkgpath"].dereference()) if int(uncommon["pkgpath"]) else ""
        return (escaped(path) + "." if path else "") + go_string(uncommon["name"].dereference())

    def part(name):
        return type_name(gdb.Value(field(int(t), name)).cast(t.type))

    kind = field(int(t), "Type.kind") & KIND_MASK
    if kind == PTR:
        return "*" + part("ArrayType.elem")
    if kind == SLICE:
        return "[]" + part("ArrayType.elem")
    if kind == ARRAY:
        return "[%d]%s" % (field(int(t), "ArrayType.len"), part("ArrayType.elem"))
    if kind == MAP:
        return "map[%s]%s" % (part("ArrayType.elem"), part("MapType.elem"))
    if kind == CHAN:
        elem = part("ArrayType.elem")
        direction = DIRECTIONS.get(field(int(t), "ChanType.dir"), "chan ")
        return direction + ("(%s)" % elem if direction == "chan " and elem.startswith("<-") else elem)
    return go_string(t["_string"].dereference())


def type_of(t):
    """The type with this descriptor, or None."""
    uncommon = t["x"]
    named = int(uncommon) and int(uncommon["name"])
    if not named and field(int(t), "Type.kind") & KIND_MASK == PTR:
        elem = type_of(gdb.Value(field(int(t), "ArrayType.elem")).cast(t.type))
        return elem and elem.pointer()
    name = type_name(t)
    # Types that are declared in functions have numbers.
    for spelling in [name] + ["%s·%d" % (name, n) for n in range(1, 10) if named]:
        found = lookup_type(spelling)
        if found and found.sizeof == int(t["size"]):
            return found
    return None


def descriptor(value):
    """The descriptor of the type that an interface's value has; None in a nil interface."""
    first = value[value.type.strip_typedefs().fields()[0]]
    if not int(first):
        return None
    return first["_type"] if first.type.target().name == "runtime.itab" else first


def content(value):
    """The value in an interface that is not nil; None if its type is not described."""
    t = descriptor(value)
    found = type_of(t)
    if found is None:
        return None
    data = value["data"]
    if not field(int(t), "Type.kind") & DIRECT:
        return data.cast(found.pointer()).dereference()
    if data.address is not None:
        return data.address.cast(found.pointer()).dereference()
    return data.cast(found)


def shape(t):
    """What a value of a type is to a Go programmer, where gdb would show something else."""
    bare = t.strip_typedefs()
    if bare.code == gdb.TYPE_CODE_STRUCT:
        name = bare.name or ""
        if name.startswith("hash<"):
            return MapPrinter
        if name.startswith("hchan<"):
            return ChanPrinter
        fields = bare.fields()
        names = [f.name for f in fields]
        if names == ["str", "len"] and str(fields[0].type) == "uint8 *":
            return StringPrinter
        if names == ["array", "len", "cap"] and fields[0].type.code == gdb.TYPE_CODE_PTR:
            return SlicePrinter
        if len(names) == 2 and names[1] == "data" and fields[0].type.code == gdb.TYPE_CODE_PTR:
            if fields[0].type.target().name in ("runtime.itab", "runtime._type"):
                return InterfacePrinter
    elif bare.code == gdb.TYPE_CODE_PTR:
        target = bare.target().strip_typedefs()
        if t.code == gdb.TYPE_CODE_TYPEDEF:
            if target.code == gdb.TYPE_CODE_STRUCT and (target.name or "").startswith(("hash<", "hchan<")):
                return shape(target)
            if target.code == gdb.TYPE_CODE_PTR and target.target().code == gdb.TYPE_CODE_FUNC:
                return FuncPrinter
        elif target.code == gdb.TYPE_CODE_STRUCT and shape(target) is StringPrinter:
            return StringPrinter
    return None


def bare(value):
    """What a map or a channel points to; other values as they are."""
    return value.dereference() if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR else value


#
# Printers
#


class StringPrinter:
    """Strings, and pointers to strings."""

    def __init__(self, value):
        self.value = bare(value)

    def display_hint(self):
        return "string"

    def to_string(self):
        length = int(self.value["len"])
        if length == 0:
            return ""
        return self.value["str"].lazy_string("utf-8", min(length, LARGEST) if length > 0 else LARGEST)


class Sequence:
    """What is shown as `TYPE = {...}`."""

    hint = "array"

    def __init__(self, value):
        self.value = bare(value)
        self.nil = value.type.code != gdb.TYPE_CODE_STRUCT and int(value) == 0
        self.name = str(value.type)

    def display_hint(self):
        # gdb shows what has no children as a string with a hint.
        return self.hint

    def to_string(self):
        if self.nil:
            return self.name + " nil"
        try:
            bad = self.bad()
            empty = not bad and self.empty()
        except gdb.MemoryError:
            bad = True
        if bad:
            return self.name + " <not set>"
        return self.name + self.more() + (" {}" if empty else "")

    def more(self):
        return ""

    def children(self):
        if self.nil:
            return
        try:
            if self.bad():
                return
        except gdb.MemoryError:
            return
        yield from self.elements()


class SlicePrinter(Sequence):
    """Slices."""

    def __init__(self, value):
        super().__init__(value)
        self.nil = int(value["array"]) == 0

    def bad(self):
        length, capacity = int(self.value["len"]), int(self.value["cap"])
        return not 0 <= length <= capacity <= LARGEST

    def empty(self):
        return int(self.value["len"]) == 0

    def elements(self):
        array = self.value["array"]
        for i in range(int(self.value["len"])):
            yield "[%d]" % i, (array + i).dereference()


class MapPrinter(Sequence):
    """Maps. While one is being grown, the chains of the old table that have not been evacuated hold the entries of two of the new one."""

    hint = "map"

    def bad(self):
        return int(self.value["B"]) > 46 or not 0 <= int(self.value["count"]) <= LARGEST

    def empty(self):
        return int(self.value["count"]) == 0

    def chains(self):
        table, old = self.value["buckets"], self.value["oldbuckets"]
        size = 1 << int(self.value["B"])
        if not int(table):
            return
        for i in range(size):
            chain = table + i
            if int(old):
                before = old + (i & (size // 2 - 1))
                if not 0 < int(before["tophash"][0]) < MIN_TOP:
                    if i >= size // 2:
                        continue
                    chain = before
            yield chain

    def elements(self):
        n = 0
        for bucket in self.chains():
            while int(bucket):
                tops = bytes(gdb.selected_inferior().read_memory(int(bucket), 8))
                for i, top in enumerate(tops):
                    if top < MIN_TOP:
                        continue
                    for slot in (bucket["keys"][i], bucket["values"][i]):
                        # Large ones are not in the bucket itself.
                        indirect = slot.type.code == gdb.TYPE_CODE_REF
                        yield str(n), slot.referenced_value() if indirect else slot
                        n += 1
                bucket = bucket["overflow"]


class ChanPrinter(Sequence):
    """Channels: what is in the ring, the oldest first."""

    def bad(self):
        count, size = int(self.value["qcount"]), int(self.value["dataqsiz"])
        return not 0 <= count <= size <= LARGEST

    def empty(self):
        return False

    def more(self):
        text = " len %d cap %d" % (int(self.value["qcount"]), int(self.value["dataqsiz"]))
        for queue, what in (("recvq", "receive"), ("sendq", "send")):
            n, waiter = 0, self.value[queue]["first"]
            # A queue that is being changed may look like a ring.
            while int(waiter) and n < 1000:
                n, waiter = n + 1, waiter["next"]
            if n:
                text += ", %d waiting to %s" % (n, what)
        return text + (", closed" if int(self.value["closed"]) else "")

    def elements(self):
        ring, size = self.value["buf"], int(self.value["dataqsiz"])
        for i in range(int(self.value["qcount"])):
            yield "[%d]" % i, (ring + (int(self.value["recvx"]) + i) % size).dereference()


class InterfacePrinter:
    """Interfaces: `static type(dynamic type) value`; of a pointer also what it points to."""

    depth = shown = 0

    def __init__(self, value):
        self.value = value

    def to_string(self):
        name = str(self.value.type)
        if InterfacePrinter.depth == 0:
            InterfacePrinter.shown = 0
        InterfacePrinter.depth += 1
        InterfacePrinter.shown += 1
        try:
            t = descriptor(self.value)
            if t is None:
                return name + " nil"
            name += "(%s)" % go_string(t["_string"].dereference())
            if InterfacePrinter.depth > DEEPEST or InterfacePrinter.shown > MOST:
                return name + " ..."
            inner = content(self.value)
            if inner is None:
                return "%s %#x" % (name, int(self.value["data"]))
            return "%s %s" % (name, self.text(inner))
        except (gdb.MemoryError, OverflowError):
            return name + " <not set>"
        finally:
            InterfacePrinter.depth -= 1

    def text(self, inner):
        t = inner.type
        if t.code != gdb.TYPE_CODE_PTR or not int(inner):
            return inner.format_string()
        if InterfacePrinter.depth == 1 and t.target().strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            return "%#x %s" % (int(inner), inner.dereference().format_string())
        return "%#x" % int(inner)


class FuncPrinter:
    """Funcs: what is called."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        name = str(self.value.type)
        if not int(self.value):
            return name + " nil"
        try:
            return "%s %s" % (name, function(word(int(self.value))))
        except gdb.MemoryError:
            return name + " <not set>"


class Printers:
    """The list's entry for gdb's `info pretty-printer`."""

    name = "gort"
    enabled = True

    def __call__(self, value):
        printer = shape(value.type)
        if printer is None:
            return None
        if value.type.code == gdb.TYPE_CODE_PTR and int(value) == 0:
            return None
        return printer(value)


#
# What there is to work with
#

NO_DEBUG = "this program has no debug information: link it without -w to see its goroutines and variables"


def all_goroutines():
    """The address of the list of all Gs; None if no program has one."""
    try:
        text = gdb.execute("info address gort_allgs", to_string=True)
    except gdb.error:
        return None
    address = next(w for w in text.split() if w.startswith("0x"))
    return int(address.rstrip("."), 16)


def described():
    """Go code is: the program was not linked with -w."""
    return any(o.lookup_static_symbol("main.main") for o in gdb.objfiles())


def told(invoke):
    """A command or function whose errors are gdb's, not Python's, and which says so where there is nothing that it could work with."""

    @functools.wraps(invoke)
    def command(*arguments):
        if not all_goroutines():
            raise gdb.GdbError("this is no program on gort, or it has no symbols: link it without -s")
        if not described():
            raise gdb.GdbError(NO_DEBUG)
        try:
            return invoke(*arguments)
        except gdb.error as error:
            raise gdb.GdbError(str(error)) from None

    return command


class Len(gdb.Function):
    "$len(x): the length of a string, slice, map or channel."

    fields = {StringPrinter: "len", SlicePrinter: "len", MapPrinter: "count", ChanPrinter: "qcount"}

    def __init__(self, name="len"):
        super().__init__(name)

    @told
    def invoke(self, value):
        name = self.fields.get(shape(value.type))
        if name is None:
            raise gdb.GdbError("%s has no length or capacity" % value.type)
        inner = bare(value)
        if inner.address is not None and not int(inner.address):
            return 0
        return inner[name]


class Cap(Len):
    "$cap(x): the capacity of a slice or channel."

    fields = {SlicePrinter: "cap", ChanPrinter: "dataqsiz"}

    def __init__(self):
        super().__init__("cap")


class DynamicType(gdb.Function):
    "$dtype(x): the value in an interface, with its own type; other values as they are."

    def __init__(self):
        super().__init__("dtype")

    @told
    def invoke(self, value):
        if shape(value.type) is not InterfacePrinter or descriptor(value) is None:
            return value
        inner = content(value)
        return value["data"] if inner is None else inner


class Iface(gdb.Command):
    "Show static and dynamic type of interfaces: iface X ..."

    def __init__(self):
        super().__init__("iface", gdb.COMMAND_DATA, gdb.COMPLETE_SYMBOL)

    @told
    def invoke(self, argument, _tty):
        # Quotes stay: a dotted name is one in quotes only.
        for text in argument.split():
            value = gdb.parse_and_eval(text)
            if shape(value.type) is not InterfacePrinter:
                print("%s is no interface: %s" % (text, value.type))
                continue
            t = descriptor(value)
            print("%s: %s" % (value.type, "nil" if t is None else type_name(t)))


#
# Goroutines
#


def goroutines():
    """The addresses of all Gs that live, oldest first."""
    g = word(all_goroutines())
    found = []
    while g:
        if state(g) not in ("idle", "dead"):
            found.append(g)
        g = field(g, "G.alllink")
    return found[::-1]


def state(g):
    status = field(g, "G.atomicstatus") & ~SCAN
    return STATES.get(status, str(status))


def owner(g):
    """The thread that g belongs to, be it that the runtime works for g there; None if there is none."""
    m = field(g, "G.m")
    if not m or field(m, "M.curg") != g:
        return None
    tid = field(m, "M.tid")
    return next((t for t in gdb.selected_inferior().threads() if tid in t.ptid[1:]), None)


def thread(g):
    """The thread whose walk leads to g's code: it runs it, a signal handler above it or the runtime for it. None if there is none."""
    found = owner(g)
    if not found:
        return None
    before = gdb.selected_thread()
    found.switch()
    try:
        return found if go_frame() else None
    finally:
        before.switch()


def context(g):
    """pc and sp of a goroutine that no thread runs, and whether it will go on with the instruction at pc or has called from before it."""
    registers = field(g, "G.interrupted")
    if registers:
        return word(registers + REGISTER_PC), word(registers + REGISTER_SP), True
    sched = g + OFFSETS["G.sched"]
    return word(sched + OFFSETS["Gobuf.pc"]), word(sched + OFFSETS["Gobuf.sp"]), not field(g, "G.parkmap")


def source(pc):
    """The source file of an address."""
    table = gdb.find_pc_line(pc).symtab
    return table.filename if table else ""


def place(pc):
    """File and line of an address."""
    line = gdb.find_pc_line(pc)
    return "%s:%d" % (line.symtab.filename.rsplit("/", 1)[-1], line.line) if line.symtab else ""


def function(pc):
    """The name of the function at an address."""
    try:
        block = gdb.block_for_pc(pc)
    except RuntimeError:
        block = None
    while block and not block.function:
        block = block.superblock
    if block:
        return str(block.function)
    text = gdb.execute("info symbol %#x" % pc, to_string=True)
    return plain(text.split()[0]) if " in section " in text else "%#x" % pc


def plain(name):
    """A symbol's name without the hash that rustc ends it with."""
    return re.sub(r"::h[0-9a-f]{16}$", "", name)


class InfoGoroutines(gdb.Command):
    "List all goroutines: number, state, where it is, who started it. The selected thread's has a star."

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    @told
    def invoke(self, _argument, _tty):
        selected, frame = gdb.selected_thread(), selected_frame()
        for g in goroutines():
            its = thread(g)
            if its:
                its.switch()
                pc = go_frame().pc()
                selected.switch()
            else:
                pc, _, exact = context(g)
                # Where it called the runtime, instead of where it will return to, which may be
                # another line.
                if not exact and source(pc).endswith(".go"):
                    pc -= 1
            reason = field(g, "G.waitreason")
            how = state(g)
            if how == "waiting" and 0 < reason < len(REASONS):
                how += " (%s)" % REASONS[reason]
            by, where = field(g, "G.gopc"), place(pc)
            print(
                "%s %4d  %-9s %s%s%s"
                % (
                    "*" if its and its == selected else " ",
                    field(g, "G.goid"),
                    how,
                    function(pc),
                    " at " + where if where else "",
                    ", started by " + function(by - 1) if by else "",
                )
            )
        restore(frame)


def go_frame():
    """The frame of the selected thread in which Go code is, be it in a signal handler or in a function of the runtime; or None."""
    frame = gdb.newest_frame()
    for _ in range(50):
        if frame is None or source(frame.pc()).endswith(".go"):
            return frame
        frame = frame.older()
    return None


def selected_frame():
    try:
        return gdb.selected_frame()
    except gdb.error:
        return None


def restore(frame):
    if frame and frame.is_valid():
        frame.select()
    choose_language()


class Named(FrameDecorator):
    """A frame that is marked as a signal handler's, because its caller is on another stack or at a fault, under its own name."""

    def function(self):
        return function(self.inferior_frame().pc())

    def line(self):
        return self.inferior_frame().find_sal().line


class Known(FrameDecorator):
    """A frame of a function that gdb has no description of (rustc leaves out what nothing was inlined into), under the name that `frame` and `up` give it. gdb's own decorator looks for a
    name at the return address only, which is past the function where a call was its last instruction, and shows nothing if there is none."""

    def function(self):
        frame = self.inferior_frame()
        name = plain(frame.name() or function(frame.pc()))
        return "??" if name.startswith("0x") else name


class Names:
    """The filter that does so. Where a handler returns to stays what gdb calls it."""

    name, priority, enabled = "gort", 50, True

    def filter(self, frames):
        for f in frames:
            frame = f.inferior_frame()
            marked = frame.type() == gdb.SIGTRAMP_FRAME and function(frame.pc()) != "gort_sigreturn"
            if marked:
                f = Named(f)
            elif frame.function() is None:
                f = Known(f)
            yield f


class FrameId:
    """What gdb tells frames apart by."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Elsewhere(Unwinder):
    """While in use, the caller of the selected thread's newest frame is a goroutine that no thread runs. No register is written: core files have
    none that could be, and a command that lets a process go on is to do no harm.

    Also the filter that keeps the frames of the thread itself out of backtraces."""

    priority, enabled = 100, True

    def __init__(self, g):
        super().__init__("gort-goroutine")
        self.pc, self.sp, self.exact = context(g)
        # gdb takes the pc of a caller for a return address and looks for what is one byte before.
        self.pc += self.exact
        self.top = [int(gdb.newest_frame().read_register(r)) for r in ("rsp", "rip")]

    def __call__(self, pending):
        if [int(pending.read_register(r)) for r in ("rsp", "rip")] != self.top:
            return None
        value = lambda n, register: gdb.Value(n).cast(pending.read_register(register).type)
        # Below the goroutine's frame: gdb ends a walk that goes down.
        found = pending.create_unwind_info(FrameId(value(self.sp - 16, "rsp"), pending.read_register("rip")))
        found.add_saved_register("rsp", value(self.sp, "rsp"))
        found.add_saved_register("rip", value(self.pc, "rip"))
        return found

    def own(self, frame):
        """The frame is the thread's, not the goroutine's."""
        return int(frame.read_register("rsp")) == self.top[0]

    def filter(self, frames):
        return (f for f in frames if not self.own(f.inferior_frame()))

    # gdb counts the thread's own frames (several, where functions were inlined), people and scripts
    # from the goroutine's newest.

    def run(self, command):
        """Runs a command, with numbers of frames as people give and read them."""
        chosen = re.match(r"\s*(?:f|fr|frame)\s+(\d+)\s*$", command)
        if chosen:
            self.choose(int(chosen[1]))
        else:
            print(self.told(gdb.execute(command, to_string=True)), end="")

    def told(self, text):
        """What gdb says, with numbers from 0. A goroutine that goes on at the start of a line is there, not in it."""
        text = re.sub(r"^#(\d+)\s+", lambda m: "#%-2d " % (int(m[1]) - self.hidden), text, flags=re.M)
        return re.sub(r"^(#0\s+)0x[0-9a-f]+ in ", r"\1", text, flags=re.M) if self.exact else text

    def choose(self, number):
        """Selects a frame and says which; gdb would print its own number."""
        frame = gdb.selected_frame()
        for _ in range(number):
            frame = frame and frame.older()
        if frame is None:
            raise gdb.GdbError("No frame at level %d." % number)
        frame.select()
        choose_language()
        place = frame.find_sal()
        print("#%-2d %s () at %s:%d" % (number, function(frame.pc()), source(frame.pc()), place.line))

    def __enter__(self):
        gdb.frame_unwinders.insert(0, self)
        gdb.frame_filters[self.name] = self
        # The thread may stand in main.main, and gdb looks for no caller of that.
        self.past_main = gdb.parameter("backtrace past-main")
        gdb.execute("set backtrace past-main on")
        gdb.invalidate_cached_frames()
        frame = gdb.newest_frame()
        self.hidden = 0
        while frame and self.own(frame):
            frame = frame.older()
            self.hidden += 1
        if frame:
            frame.select()
        choose_language()
        return self

    def __exit__(self, *_):
        gdb.frame_unwinders.remove(self)
        del gdb.frame_filters[self.name]
        gdb.execute("set backtrace past-main " + ("on" if self.past_main else "off"))
        gdb.invalidate_cached_frames()


class Goroutine(gdb.Command):
    """Run a gdb command as if a goroutine were the selected thread: goroutine N COMMAND.

The number may be an expression, or `all` for one goroutine after the other."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    @told
    def invoke(self, argument, _tty):
        number, _, command = argument.strip().partition(" ")
        if not number or not command:
            raise gdb.GdbError("usage: goroutine N COMMAND")
        if number == "all":
            for g in goroutines():
                print("\ngoroutine %d:" % field(g, "G.goid"))
                self.run(g, command)
            return None
        number = int(gdb.parse_and_eval(number))
        for g in goroutines():
            if field(g, "G.goid") == number:
                return self.run(g, command)
        raise gdb.GdbError("there is no goroutine %d" % number)

    def run(self, g, command):
        selected, frame = gdb.selected_thread(), selected_frame()
        runs = thread(g)
        if runs:
            try:
                if runs != selected:
                    runs.switch()
                go_frame().select()
                choose_language()
                gdb.execute(command)
            finally:
                selected.switch()
                restore(frame)
            return
        try:
            with Elsewhere(g) as there:
                there.run(command)
        finally:
            restore(frame)


# What expressions in frames of the runtime are read as: 'main.x' is a name then.
OUTSIDE = "c"


def choose_language(*_event):
    """Sets the language to OUTSIDE in the runtime's Rust code, which is where threads that wait are, and back to gdb's choice elsewhere.

    gdb would choose Rust, in which no Go name is one. And Go there ends gdb 13 at the first name that it does not know: it takes the
    frame's function for one of a Go package. So Go is taken as gdb's choice, too; what else a user has set stays."""
    now = gdb.parameter("language")
    if now not in ("auto", "local", "go") and not (now == OUTSIDE and choose_language.mine):
        return
    frame = selected_frame()
    table = frame.find_sal().symtab if frame else None
    outside = table and table.filename.endswith(".rs") and table.objfile.lookup_static_symbol("main.main")
    if bool(outside) == (now == OUTSIDE) or not outside and now == "go":
        return
    # gdb's warning that this is not the frame's language goes into the string.
    gdb.execute("set language " + (OUTSIDE if outside else "auto"), to_string=True)
    choose_language.mine = bool(outside)


choose_language.mine = False


def explain_language():
    """Behind what gdb says of a language that is not the frame's."""
    if gdb.parameter("language") == OUTSIDE and choose_language.mine:
        print("It is set by gort's script in frames of the runtime, so that Go names are known there: print 'main.x'")


def tell(*_event):
    """Says once, when a program without debug information is loaded, why gdb will know so little: not every command comes to this script."""
    program = gdb.current_progspace().filename
    if program is None or program == tell.program:
        return
    # Once, before it runs: a command that is executed while a process starts makes `run` return at
    # once.
    tell.program = program
    if all_goroutines() and not described():
        print(NO_DEBUG, file=sys.stderr)


tell.program = None


def project():
    """The folder of gort's sources, if this script is in it, or in a goroot whose linker is."""
    folder = os.path.dirname(os.path.abspath(__file__))
    linker = os.path.join(folder, "../../pkg/tool/linux_amd64/link")
    for start in (folder, os.path.realpath(linker)):
        while start != "/":
            if os.path.isfile(os.path.join(start, "abi/go15.h")):
                return start
            start = os.path.dirname(start)
    return None


def load():
    # The runtime's own signals: one that asks for preemption, one that takes samples; and one that
    # servers get all day.
    gdb.execute("handle SIGURG SIGPROF SIGPIPE nostop noprint pass", to_string=True)
    for event in ("stop", "new_objfile", "before_prompt"):
        getattr(gdb.events, event).connect(choose_language)
    with gdb.with_parameter("confirm", False):
        gdb.execute("define set hookpost-language\npython choose_language()\nend", to_string=True)
        gdb.execute("define show hookpost-language\npython explain_language()\nend", to_string=True)
    choose_language()
    gdb.events.new_objfile.connect(tell)
    tell()
    # Executables call the project so, wherever it was built (scripts/rustc).
    sources = project()
    if sources:
        gdb.execute("set substitute-path /gort " + sources)
    home = gdb.current_objfile() or gdb
    home.pretty_printers = [p for p in home.pretty_printers if getattr(p, "name", "") != Printers.name]
    home.pretty_printers.insert(0, Printers())
    home.frame_filters[Names.name] = Names()
    for command in (Len, Cap, DynamicType, Iface, InfoGoroutines, Goroutine):
        command()


load()
