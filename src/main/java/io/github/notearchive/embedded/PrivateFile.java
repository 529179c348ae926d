package io.github.notearchive.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/**
 * A small text file that only its owner may read. It is replaced as a whole and durably: whoever
 * reads it sees all of the old or all of the new text, after a power cut too.
 */
record PrivateFile(Path path) {

    static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** The text, or empty when there is no such file. */
    Optional<String> read() throws IOException {
        try {
            return Optional.of(Files.readString(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** The text as properties, or empty when there is no such file. */
    Optional<Properties> readProperties() throws IOException {
        Optional<String> text = read();
        if (text.isEmpty()) {
            return Optional.empty();
        }
        var properties = new Properties();
        try {
            properties.load(new StringReader(text.get()));
        } catch (IllegalArgumentException e) {
            throw new IOException(path + " holds no properties", e);
        }
        return Optional.of(properties);
    }

    void write(String text) throws IOException {
        Path next = path.resolveSibling(path.getFileName() + ".next");
        Files.deleteIfExists(next);
        Files.createFile(next, OWNER_ONLY);
        // no channel: that would fail when the thread was interrupted, as in a shutdown
        try (var out = new FileOutputStream(next.toFile())) {
            out.write(text.getBytes(UTF_8));
            out.getFD().sync();
        }
        Files.move(next, path, ATOMIC_MOVE, REPLACE_EXISTING);
    }

    void writeProperties(Map<String, String> values) throws IOException {
        var properties = new Properties();
        properties.putAll(values);
        var text = new StringWriter();
        properties.store(text, null);
        write(text.toString());
    }
}
