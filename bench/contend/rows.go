package main

type row struct {
	name    string
	over    string // values of the flags; each combination is a benchmark
	measure func(*run)
}

// rows is what there is. `gort bench` reads this table, too: each row stands on a line of its own.
var rows = []row{
	{"ChanPairs", "buffer=0,1,10,100 load=1,2,4 work=short", chanPairs},
	{"ChanPairs", "buffer=0,10 load=1 work=long", chanPairs},
	{"ChanNto1", "buffer=0,1,10,100 load=1,2,4 work=short", chanNto1},
	{"ChanNto1", "buffer=0,10 load=1 work=long", chanNto1},
	{"Chan1toN", "buffer=0,1,10,100 load=1,2,4 work=short", chan1toN},
	{"Chan1toN", "buffer=0,10 load=1 work=long", chan1toN},
	{"ChanNtoN", "buffer=0,1,10,100 load=1,2,4 work=short", chanNtoN},
	{"ChanNtoN", "buffer=0,10 load=1 work=long", chanNtoN},
	{"ChanSemaphore", "load=1,2,4 work=short,long", chanSemaphore},
	{"ChanMutex", "load=1,2,4 work=short,long", chanMutex},
	{"ChanCall", "buffer=0 load=1,2,4 work=short,long", chanCall},
	{"Select", "buffer=0,10 load=1,2,4 work=short", selectChans},
	{"Select", "buffer=10 load=2 work=long", selectChans},
	{"SelectTry", "buffer=10 load=1,2,4 work=short", selectTry},
	{"WorkQueue", "buffer=0,100 load=1,2,4 work=short,long", workQueue},
	{"Pipeline", "buffer=0,10 load=1,4 work=short,long", pipeline},
	{"Mutex", "load=1,2,4 work=short,long", mutex},
	{"MutexSpaced", "load=1,2,4 work=short,long", mutexSpaced},
	{"RWMutexRead", "load=1,2,4 work=short,long", rwMutexRead},
	{"RWMutexWriter", "load=1,2,4 work=short,long", rwMutexWriter},
	{"RWMutexMixed", "load=1,2,4 work=short,long", rwMutexMixed},
	{"CondSignal", "load=1,2,4 work=short,long", condSignal},
	{"CondBroadcast", "load=1,2,4 work=short,long", condBroadcast},
	{"WaitGroup", "load=1,2,4 work=short", waitGroup},
	{"Pool", "load=1,2,4 work=short", pool},
	{"PoolBatch", "load=1,2,4 work=short", poolBatch},
	{"Once", "load=1,4 work=short", once},
	{"AtomicAdd", "load=1,2,4 work=short,long", atomicAdd},
	{"AtomicCAS", "load=1,2,4 work=short", atomicCAS},
	{"GoOne", "load=1 work=short,long", goOne},
	{"GoAll", "load=1,2,4 work=short,long", goAll},
	{"GoChain", "load=1,2,4 work=short,long", goChain},
	{"ForkJoin", "load=1,2,4 work=short,long", forkJoin},
	{"TimerStop", "load=1,2,4 work=short", timerStop},
	{"TimerReset", "load=1,2,4 work=short", timerReset},
	{"TimerFire", "load=1,2,4 work=short", timerFire},
	{"Sleep", "load=1,2,4 work=short,long", sleep},
	{"AllocSmall", "load=1,2,4 work=short", allocSmall},
	{"AllocBytes", "load=1,2,4 work=short", allocBytes},
	{"AllocLarge", "load=1,2,4 work=short", allocLarge},
	{"MapRead", "load=1,2,4 work=short", mapRead},
	{"MapLocked", "load=1,2,4 work=short,long", mapLocked},
	{"NetEcho", "load=1,2,4 work=short,long", netEcho},
	{"PipeEcho", "load=1,2,4 work=short", pipeEcho},
}
