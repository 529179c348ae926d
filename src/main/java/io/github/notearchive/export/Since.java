package io.github.notearchive.export;

import io.github.notearchive.export.Exporter.ExportException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Earlier export that a delta continues, read from its manifest.
 *
 * @param mark time of the newest change that the earlier export has
 */
record Since(Path file, JsonNode manifest, String sha256, Instant mark) {

    /**
     * Time before the mark at which a delta begins: a transaction that was open during the earlier export has the time
     * of its begin. Transactions of the program end after seconds.
     */
    private static final Duration OVERLAP = Duration.ofHours(1);

    static Since read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        try {
            JsonNode manifest = JsonMapper.shared().readTree(bytes);
            if (manifest.path("manifestVersion").asInt(0) == Manifest.VERSION) {
                Instant mark = Instant.parse(manifest.path("mark").stringValue(""));
                return new Since(file, manifest, DigestUtils.sha256Hex(bytes), mark);
            }
        } catch (JacksonException | DateTimeException e) {
            // reported below
        }
        throw new ExportException(
                "--since %s is not a manifest.json of version %d; nothing was exported. Begin with a full export"
                        .formatted(file, Manifest.VERSION));
    }

    Instant start() {
        return mark.minus(OVERLAP);
    }

    ObjectNode toJson() {
        return JsonMapper.shared()
                .createObjectNode()
                .put("mark", mark.toString())
                .put("start", start().toString())
                .put("manifestSha256", sha256);
    }

    /**
     * Requires that this export selects and writes what the earlier one did. Their formats may differ.
     *
     * @param manifest manifest of this export
     */
    void requireSame(JsonNode manifest) {
        JsonNode selection = manifest.path("selection");
        if (selection.path("authorsNotNamed").asInt() > 0
                || selection.path("filter").asString("").equals(Manifest.HIDDEN)) {
            throw new ExportException(
                    "--since cannot compare selections by authors whom the manifest does not name; nothing was "
                            + "exported. Use --authors keep");
        }
        for (String path : new String[] {"/selection", "/authors", "/media/mode", "/packaging/answers"}) {
            JsonNode before = comparable(this.manifest.at(path));
            JsonNode now =
                    comparable(JsonMapper.shared().readTree(manifest.at(path).toString()));
            if (!before.equals(now)) {
                throw new ExportException(
                        ("--since %s has another %s: %s. Nothing was exported; use the same options, or begin with a "
                                        + "full export")
                                .formatted(file, path.substring(1).replace('/', ' '), difference(before, now)));
            }
        }
    }

    private static String difference(JsonNode before, JsonNode now) {
        return now.isObject()
                ? now.propertyNames().stream()
                        .filter(name -> !now.path(name).equals(before.path(name)))
                        .map(name -> name + " " + difference(before.path(name), now.path(name)))
                        .collect(Collectors.joining(", "))
                : before + " instead of " + now;
    }

    /** Removes the counts of requested ids, which change with the archive. */
    private static JsonNode comparable(JsonNode json) {
        if (json.path("ids") instanceof ObjectNode ids) {
            ids.retain("sha256");
        }
        return json;
    }
}
