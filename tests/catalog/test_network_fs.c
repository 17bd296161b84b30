/* What statfs(2) may answer, and what we make of it.  The numbers are those of statfs(2)'s manual
 * page and of `stat -f` (coreutils); the linker puts our statfs() in the place of libc's. */
#include "catalog/network_fs.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/vfs.h>

#include "tests/support/suite.h"

static unsigned type;
static int failure;

int __wrap_statfs(const char *path, struct statfs *out);

int __wrap_statfs(const char *path, struct statfs *out)
{
    (void)path;
    errno = failure;
    *out = (struct statfs){.f_type = (__fsword_t)type};
    return failure ? -1 : 0;
}

START_TEST(file_systems_by_their_numbers)
{
    static const struct {
        unsigned type;
        const char *name; /* NULL: local */
    } fs[] = {
        {0x6969, "NFS"},
        {0x517b, "SMB"},
        {0xff534d42, "CIFS"},
        {0xfe534d42, "SMB"},
        {0x0bd00bd0, "Lustre"},
        {0x47504653, "GPFS"},
        {0x19830326, "BeeGFS"},
        {0x00c36400, "Ceph"},
        {0x5346414f, "AFS"},
        {0x01021997, "9p"},
        {0x65735546, "FUSE"},
        {0xef53, NULL} /* ext4 */,
        {0x58465342, NULL} /* xfs */,
        {0x9123683e, NULL} /* btrfs */,
        {0x01021994, NULL} /* tmpfs */,
        {0x794c7630, NULL} /* overlay */,
        {0x2fc12fc1, NULL} /* zfs */,
        {0x12345678, NULL},
    };
    for (size_t i = 0; i < sizeof fs / sizeof fs[0]; i++) {
        type = fs[i].type;
        const char *name = network_fs_name("/");
        ck_assert_msg(fs[i].name ? name && strcmp(name, fs[i].name) == 0 : !name, "%x: %s", type,
                      name ? name : "local");
    }
    type = 0x6969;
    failure = ENOENT;
    ck_assert_ptr_null(network_fs_name("/"));
    failure = 0;
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "network file systems"});
}
