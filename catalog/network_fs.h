/* network_fs.h -- is a folder on a file system that other machines share?
 *
 * SQLite's write-ahead log needs memory that all its processes share, so its file must be on
 * a disk of this machine (https://sqlite.org/wal.html, "Disadvantages", 2).
 */
#ifndef CATALOG_NETWORK_FS_H
#define CATALOG_NETWORK_FS_H

/* Name of the network file system that holds the folder ("NFS"), by statfs(2); NULL for a local
 * one, for one that we do not know, and when the kernel does not say. */
const char *network_fs_name(const char *dir);

#endif
