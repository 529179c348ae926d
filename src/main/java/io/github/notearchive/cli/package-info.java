/**
 * What an operator types.
 *
 * <p>Each command reads its arguments before anything is started, so that help and usage errors come at once; then
 * opens the {@link CommandContext} as far as it needs it, does one thing, prints one result to standard output and
 * returns one exit code. Logs go to standard error.
 */
@NullMarked
package io.github.notearchive.cli;

import org.jspecify.annotations.NullMarked;
