/**
 * Embedded PostgreSQL and S3 servers on one {@link DataDirectory data directory}, for machines without such servers.
 *
 * <p>Three rules:
 *
 * <p><b>One owner, many users.</b> The process of a data directory owns it and runs the servers as long as others use
 * them. Owner and users hold file locks, which the kernel releases when a process ends, never a stored pid.
 *
 * <p><b>A killed process does not block the next one.</b> An orphaned server is stopped, an incomplete cluster is moved
 * aside, incomplete programs and unfinished uploads are removed. Data is never deleted.
 *
 * <p><b>A listening port is not trusted.</b> A server is used after it has proved that it belongs to this data
 * directory; secrets are not sent to it.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.embedded;

import org.jspecify.annotations.NullMarked;
