#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "code.h"

extern "C" int goCalls(int depth);

static std::atomic<int> ended;

struct Counter {
	int n = 0;
	~Counter() { ended++; }
};

static thread_local Counter counter;

static void throws(int n) {
	std::string text = std::to_string(n);
	if (n >= 0)
		throw std::runtime_error(text);
}

extern "C" int catches(int depth) {
	int result = 0;
	counter.n++;
	try {
		result = goCalls(depth);
		throws(depth);
	} catch (const std::exception &e) {
		return result + (std::stoi(e.what()) == depth);
	}
	return -1000;
}

extern "C" int on_threads(int threads, int n) {
	std::vector<std::thread> all;
	std::atomic<int> sum{0};
	ended = 0;
	for (int i = 0; i < threads; i++)
		all.emplace_back([&] {
			for (int j = 0; j < n; j++)
				sum += catches(0);
		});
	for (auto &t : all)
		t.join();
	return sum;
}

extern "C" int destroyed(void) { return ended; }
