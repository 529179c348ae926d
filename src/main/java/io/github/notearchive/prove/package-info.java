/**
 * The transparency log of captures: a C2SP tlog-tiles log in the bucket, whose signed checkpoint commits to all
 * entries.
 *
 * <p>An entry is the SHA-256 of a random salt and the canonical record of a capture, so that the objects of the log
 * contain no personal data and never change: erasing a note removes record and salt, and the log stays whole.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code store}.
 */
@NullMarked
package io.github.notearchive.prove;

import org.jspecify.annotations.NullMarked;
