/**
 * Whether the store still holds what the tables say, and nothing that they do not know.
 *
 * <p>{@link ObjectCheck} looks at one object, {@link FixityCatalog} keeps what was found, {@link Repairs} makes good
 * again what can be, and {@link SelfTest} proves that an error would be found.
 *
 * <p>Two rules hold everywhere in here. <b>Trouble is no finding:</b> an object is missing only when the store says so
 * in as many words. <b>Nothing is destroyed:</b> a damaged object stays as it is until its bytes are put again, and
 * only what no row points at is ever removed, when that is asked for.
 */
@NullMarked
package io.github.notearchive.fixity;

import org.jspecify.annotations.NullMarked;
