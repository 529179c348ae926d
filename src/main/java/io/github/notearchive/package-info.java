/** The program's entrance, and how its parts are put together. */
@NullMarked
package io.github.notearchive;

import org.jspecify.annotations.NullMarked;
