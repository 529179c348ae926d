/**
 * The words of the domain: what a note, its answer and its media are. Plain values that know no other package.
 *
 * <p>Everything here may come from a stranger, so a value refuses to be wrong when it is made, and what is merely
 * unknown is absent rather than guessed.
 */
@NullMarked
package io.github.notearchive.note;

import org.jspecify.annotations.NullMarked;
