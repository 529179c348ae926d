/**
 * Files that are written completely or not at all.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.io.files;

import org.jspecify.annotations.NullMarked;
