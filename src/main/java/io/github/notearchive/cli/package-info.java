/**
 * Commands of the program, one class each.
 *
 * <p>A command parses its arguments without Spring, opens the {@link CommandContext}, and obtains one bean, its action.
 * It prints one result to standard output and returns one exit code. Logs go to standard error.
 */
@NullMarked
package io.github.notearchive.cli;

import org.jspecify.annotations.NullMarked;
