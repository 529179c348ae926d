/**
 * Numbers, times and secrets as text, and text that is safe for terminals, logs and JSON.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.io.text;

import org.jspecify.annotations.NullMarked;
