/**
 * Signals of the operating system.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.io.process;

import org.jspecify.annotations.NullMarked;
