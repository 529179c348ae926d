/**
 * Which settings there are, where each one got its value, and which words look like settings and are none.
 *
 * <p>{@link KnownSettings} knows the names from the records that hold them, {@link UnknownSettings} finds what was
 * mistyped, and {@link EffectiveSettings} tells what counts and who said so. {@link Secret} is the type of those that
 * nobody is to see.
 *
 * <p>Nothing in here knows what a setting is for, starts a server or binds a record: a program whose settings are wrong
 * must still be able to show them.
 */
@NullMarked
package io.github.notearchive.settings;

import org.jspecify.annotations.NullMarked;
