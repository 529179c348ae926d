/**
 * The note ids to archive, and how far each one got.
 *
 * <p>{@link Worklist} is the door: ids come in, a node claims one that is due, and settles it. A
 * claim is a lease with a number; whoever settles names the number, so that a claim that was lost
 * meanwhile writes nothing.
 */
@NullMarked
package io.github.notearchive.worklist;

import org.jspecify.annotations.NullMarked;
