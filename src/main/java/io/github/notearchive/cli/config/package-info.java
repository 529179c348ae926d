/** Settings: sources, effective values, unknown names and the command {@code config}. */
@NullMarked
package io.github.notearchive.cli.config;

import org.jspecify.annotations.NullMarked;
