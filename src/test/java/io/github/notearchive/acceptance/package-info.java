/**
 * The packaged program, as an operator meets it: a process with arguments, environment, output, signals and an exit
 * code.
 *
 * <p>The provider runs in the test's own process, so that calls are counted exactly and can be held at will. Rows and
 * objects are looked at from outside the program. Each test stops all processes that it starts.
 */
@NullMarked
package io.github.notearchive.acceptance;

import org.jspecify.annotations.NullMarked;
