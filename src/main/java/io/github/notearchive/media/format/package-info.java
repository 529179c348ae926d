/**
 * Types and truncation checks of media files.
 *
 * <p>{@link io.github.notearchive.media.format.FileCheck#check} reads the headers of a file and follows the lengths
 * that they state: boxes, chunks and segments must be well formed and end where the file ends. Nothing is decoded, and
 * the content never makes a file fail. A film of 2 GB costs a few reads; a JPEG is read once. Memory and the number of
 * steps are bounded for every input.
 *
 * <p>In doubt a file is complete, with a remark: a file that is rejected at every URL is never stored.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.media.format;

import org.jspecify.annotations.NullMarked;
