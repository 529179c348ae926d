package io.github.notearchive.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.files.AtomicFile;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;

/**
 * Small text file, readable by its owner only. It is replaced atomically and durably: a reader sees the old or the new
 * text, also after a power failure.
 */
record PrivateFile(Path path) {

    /** Returns the text without surrounding blanks; empty if the file does not exist. */
    String read() throws IOException {
        try {
            return Files.readString(path).strip();
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    /** Returns the text as properties; without entries if the file does not exist. */
    Properties readProperties() throws IOException {
        var properties = new Properties();
        try {
            properties.load(new StringReader(read()));
        } catch (IllegalArgumentException e) {
            throw new IOException(path + " holds no properties", e);
        }
        return properties;
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

    /** Returns a random secret of this many bytes in hexadecimal digits. */
    static String random(int bytes) {
        var random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }
}
