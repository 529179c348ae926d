package io.github.notearchive.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.AtomicFile;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Small text file, readable by its owner only. It is replaced atomically and durably: a reader sees the old or the new
 * text, also after a power failure.
 */
record PrivateFile(Path path) {

    /** Returns the text; empty if the file does not exist. */
    Optional<String> read() throws IOException {
        try {
            return Optional.of(Files.readString(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Returns the text as properties; empty if the file does not exist. */
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
        AtomicFile.write(path, ".next", out -> out.write(text.getBytes(UTF_8)), AtomicFile.OWNER_ONLY);
    }

    void writeProperties(Map<String, String> values) throws IOException {
        var properties = new Properties();
        properties.putAll(values);
        var text = new StringWriter();
        properties.store(text, null);
        write(text.toString());
    }
}
