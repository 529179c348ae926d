/**
 * Commands of the program, one class each.
 *
 * <p>A command parses its arguments without Spring, opens the {@link CommandContext}, and obtains the beans that it
 * needs. It prints one result to standard output and returns one exit code. Logs go to standard error.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code browse}, {@code cli.config}, {@code embedded}, {@code export},
 * {@code maintenance}, {@code media}, {@code nightly}, {@code prove}, {@code provider}, {@code publish},
 * {@code report}, {@code sandbox}, {@code store}, {@code telemetry}.
 */
@NullMarked
package io.github.notearchive.cli;

import org.jspecify.annotations.NullMarked;
