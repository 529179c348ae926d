/**
 * A PostgreSQL and an S3 server inside the process, over one {@link DataDirectory data directory}, so that the program
 * runs where there is neither.
 *
 * <p>Three rules hold everywhere in here.
 *
 * <p><b>One owner.</b> The first process that opens a data directory owns it and runs the servers; any later one joins
 * them. Who owns it is said by the lock on a file, which the kernel frees whatever becomes of the process, and never by
 * a pid that was written down.
 *
 * <p><b>A killed process leaves nothing that stops the next one.</b> An orphaned server is stopped, a half-made cluster
 * is moved aside, half-unpacked programs and objects in flight are swept. What may be somebody's data is never deleted.
 *
 * <p><b>Nobody is trusted for answering on a port.</b> A server is used after it has proved that it is the one over
 * this data directory, and secrets are shown only by way of a challenge.
 */
@NullMarked
package io.github.notearchive.embedded;

import org.jspecify.annotations.NullMarked;
