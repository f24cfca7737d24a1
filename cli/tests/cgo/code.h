int add(int a, int b);
int fails(void);
int length(const char *text);
int calls_back(int n);
int deep(int n);
void lets_panic(void);
void lets_exit(void);
int from_threads(int threads, int calls);
int variable(void);
