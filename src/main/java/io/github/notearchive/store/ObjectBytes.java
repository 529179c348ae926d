package io.github.notearchive.store;

import java.io.OutputStream;
import org.apache.commons.io.function.IOConsumer;

/**
 * Content of an object to be uploaded. Can be read repeatedly.
 *
 * @param size length in bytes
 */
public record ObjectBytes(long size, IOConsumer<OutputStream> content) {}
