#ifdef __cplusplus
extern "C" {
#endif
int catches(int depth);
int on_threads(int threads, int n);
int destroyed(void);
#ifdef __cplusplus
}
#endif
