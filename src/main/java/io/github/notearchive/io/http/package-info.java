/**
 * The HTTP client with a time limit for a whole request.
 *
 * <p>Uses: {@code io.text}.
 */
@NullMarked
package io.github.notearchive.io.http;

import org.jspecify.annotations.NullMarked;
