/**
 * Images made smaller or converted.
 *
 * <p>Uses: {@code io.text}.
 */
@NullMarked
package io.github.notearchive.io.image;

import org.jspecify.annotations.NullMarked;
