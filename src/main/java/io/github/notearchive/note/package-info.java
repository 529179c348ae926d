/**
 * Domain values: notes, responses, media slots, provider codes. Depends on no other package.
 *
 * <p>Input is untrusted: constructors reject invalid values, and unknown properties are absent.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.note;

import org.jspecify.annotations.NullMarked;
