/** How files of our own come to be on this machine's disk. */
@NullMarked
package io.github.notearchive.file;

import org.jspecify.annotations.NullMarked;
