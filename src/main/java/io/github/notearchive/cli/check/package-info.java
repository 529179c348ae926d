/** The checks of the command {@code check}: settings, machine, database, store, provider, clock and next night. */
@NullMarked
package io.github.notearchive.cli.check;

import org.jspecify.annotations.NullMarked;
