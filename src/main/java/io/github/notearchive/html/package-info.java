/**
 * Pages that are looked at from the disk: self-contained, without a script, and safe whatever strangers have written
 * into what they show.
 */
@NullMarked
package io.github.notearchive.html;

import org.jspecify.annotations.NullMarked;
