/**
 * The program's entrance, and how its parts are put together.
 *
 * <p>Uses: {@code cli}, {@code embedded}.
 */
@NullMarked
package io.github.notearchive;

import org.jspecify.annotations.NullMarked;
