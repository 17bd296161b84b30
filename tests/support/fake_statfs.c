/* LD_PRELOADed: every folder whose path begins with $FAKE_NFS is on NFS for statfs(2). */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

enum { NFS = 0x6969 };

int statfs(const char *path, struct statfs *out)
{
    int (*real)(const char *, struct statfs *) = NULL;
    void *found = dlsym(RTLD_NEXT, "statfs");
    memcpy(&real, &found, sizeof real);  /* ISO C has no cast from an object to a function */
    const char *at = getenv("FAKE_NFS"); /* NOLINT(concurrency-mt-unsafe): nobody changes it */
    char whole[4096];
    int rc = real(path, out);
    if (rc == 0 && at && realpath(path, whole) && strncmp(whole, at, strlen(at)) == 0) {
        out->f_type = NFS;
    }
    return rc;
}
