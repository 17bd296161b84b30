/* location.h -- where the catalog of a study lies: beside it, unless that is no place for one.
 *
 *   local disk             <study>/catalog.db
 *   network file system    $XDG_STATE_HOME/slaw/<name>-<16 hex>/catalog.db (default
 *                          ~/.local/state); when that is on the network, too,
 *                          /var/tmp/slaw-<uid>/<name>-<16 hex>/catalog.db
 *   SLAW_CATALOG_DIR=DIR   DIR/<name>-<16 hex>/catalog.db, whatever the file system
 *   SLAW_CATALOG_DIR=study <study>/catalog.db, whatever the file system
 *
 * "<name>-<16 hex>" is the content of <study>/study.id, made once at random: a study that is moved
 * or renamed keeps its catalog.  A copy of a study brings the id of the original along; the
 * folder of the catalog knows whose it is (the file `study`), and the copy gets a new id.
 *
 * <study>/catalog.place names the host and path of the catalog that was written last.  A study on
 * a shared disk may be worked on from several machines, one after the other, each with a
 * catalog of its own: one that is not named there is out of date and is set aside, to
 * be made again from the files (reindex.h).
 *
 * Everybody who opens a study's catalog asks here.
 */
#ifndef CATALOG_LOCATION_H
#define CATALOG_LOCATION_H

#include <stdbool.h>

#include "common/fsx.h"

#define CATALOG_ENV_DIR "SLAW_CATALOG_DIR"

/* For the holder of the study's lock, before opening for writing.  The folder of *out exists.
 * A catalog that lies beside the study from before, with none elsewhere yet, is copied there
 * and the old one renamed catalog.db.moved; what is out of date is renamed catalog.db.stale.
 * *ret_elsewhere (may be NULL): not beside the study.  ERR_UNAVAILABLE with a hint: no folder for
 * it is known or can be made; ERR_IO, ERR_DB. */
ErrCode catalog_location(const char *study_dir, char out[FSX_PATH_BYTES], bool *ret_elsewhere,
                         Err *err);

/* For readers: changes nothing.  Of a study that has a catalog beside it and none elsewhere, that
 * one.  A catalog that is out of date is ERR_FORMAT with a hint. */
ErrCode catalog_location_read(const char *study_dir, char out[FSX_PATH_BYTES], Err *err);

/* "its catalog is in PATH, for the study is on NFS": for people. */
void catalog_location_notice(const char *study_dir, const char *path, char *out, size_t n);

#endif
