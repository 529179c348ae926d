/**
 * Time limits.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.io.time;

import org.jspecify.annotations.NullMarked;
