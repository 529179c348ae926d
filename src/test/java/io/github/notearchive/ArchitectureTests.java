package io.github.notearchive;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/** Checks the arrows between modules and the house rules that the compiler does not check. */
@AnalyzeClasses(packages = ArchitectureTests.BASE, importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

    static final String BASE = "io.github.notearchive";

    private static final int MAX_COLLABORATORS = 8;

    /** The modules that a module may use beside {@code note} and {@code io}. {@code cli} may use all. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry("note", Set.of()),
            Map.entry("io", Set.of()),
            Map.entry("provider", Set.of()),
            Map.entry("media", Set.of()),
            Map.entry("store", Set.of()),
            Map.entry("batch", Set.of()),
            Map.entry("embedded", Set.of()),
            Map.entry("sandbox", Set.of()),
            Map.entry("archive", Set.of("provider", "store")),
            Map.entry("prove", Set.of("archive", "batch", "store")),
            Map.entry("nightly", Set.of("archive", "batch", "provider", "media", "prove", "store")),
            Map.entry("maintenance", Set.of("archive", "batch", "prove", "provider", "store")),
            Map.entry("report", Set.of("archive", "batch", "store")),
            Map.entry("telemetry", Set.of("archive", "batch")),
            Map.entry("export", Set.of("archive", "report", "store")),
            Map.entry("publish", Set.of("archive", "batch", "export", "store")),
            Map.entry("browse", Set.of("archive", "batch", "export", "prove", "report", "store")),
            Map.entry("", Set.of("cli", "embedded")));

    /** The packages that a package may use inside its module; all others use none. There is no circle. */
    private static final Map<String, Set<String>> INNER_ARROWS = Map.of(
            "archive.query", Set.of("archive.catalog", "archive.worklist"),
            "archive.catalog", Set.of("archive.ledger", "archive.worklist"),
            "archive.ledger", Set.of("archive.worklist"),
            "cli", Set.of("cli.config"),
            "io.http", Set.of("io.text"),
            "io.image", Set.of("io.text"),
            "io.jdbc", Set.of("io.time"),
            "maintenance.rebuild", Set.of("maintenance.erase", "maintenance.verify"),
            "media", Set.of("media.format"),
            "nightly.plan", Set.of("nightly"));

    /** Calls that create threads, executors or HTTP clients. */
    private static final List<String> CREATIONS = List.of(
            "java.lang.Thread.of",
            "java.net.http.HttpClient.new",
            "java.util.Timer.<init>",
            "java.util.concurrent.Executors.new",
            "java.util.concurrent.ScheduledThreadPoolExecutor.<init>",
            "java.util.concurrent.ThreadPoolExecutor.<init>",
            "okhttp3.OkHttpClient$Builder.build",
            "org.apache.hc.client5.http.impl.classic",
            "org.springframework.core.task.SimpleAsyncTaskExecutor.<init>");

    /** Classes outside of {@code io} that create them. This list may only shrink. */
    private static final List<String> CREATORS = List.of(
            "LiveProgress", "NightlyJob", "Receivers", "ResponseWriter", "RunWatchdog", "SystemChecks", "Thumbnails");

    /** Calls that read the clock of the machine. */
    private static final List<String> TIMES = List.of(
            "java.lang.System.currentTimeMillis",
            "java.time.Clock.system",
            "java.time.Instant.now",
            "java.time.LocalDate.now",
            "java.time.LocalDateTime.now",
            "java.time.OffsetDateTime.now",
            "java.time.ZonedDateTime.now");

    /** Classes that read it themselves, and why. All others use the bean, which the sandbox and tests move. */
    private static final Map<String, String> CLOCKS = Map.of(
            "ProgramConfiguration", "defines the bean",
            "EmbeddedDatabase", "runs in a process without beans",
            "JobExecutionQueries", "completes rows of Spring Batch, which reads the clock of the machine",
            "StoreClient", "signs requests, whose time the store compares with its own");

    private static final Pattern USES = Pattern.compile("<p>Uses: (.*?)\\.\\n", Pattern.DOTALL);
    private static final Pattern IMPORT =
            Pattern.compile("(?m)^import (?:static )?io\\.github\\.notearchive\\.([a-z.]+)\\.[A-Z]");
    private static final Pattern NAME = Pattern.compile("\\{@code ([a-z.]+)}");

    @ArchTest
    static final ArchRule namesSayWhatAThingIs =
            noClasses().should().haveNameMatching(".*(Util|Utils|Helper|Manager|Impl|Dto|Service)(\\$.*)?");

    @ArchTest
    static final ArchRule partsAreGivenToConstructors = GeneralCodingRules.NO_CLASSES_SHOULD_USE_FIELD_INJECTION;

    @ArchTest
    static final ArchRule logsGoThroughSlf4j = GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

    @ArchTest
    static final ArchRule onlyCommandsPrint = noClasses()
            .that()
            .resideOutsideOfPackage(BASE + ".cli..")
            .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS);

    /** A class with collaborators is no record, whose components are public. */
    @ArchTest
    static void recordsAreValues(JavaClasses classes) {
        assertThat(classes.stream().filter(JavaClass::isRecord))
                .filteredOn(
                        type -> isBean(type) || type.getFields().stream().anyMatch(field -> isBean(field.getRawType())))
                .isEmpty();
    }

    private static boolean isBean(JavaClass type) {
        return type.isMetaAnnotatedWith(Component.class)
                || type.getMethods().stream().anyMatch(method -> method.isAnnotatedWith(Bean.class));
    }

    /** A class, or a method that creates a bean, with more collaborators does several things. */
    @ArchTest
    static void beansHaveFewCollaborators(JavaClasses classes) {
        Stream<JavaCodeUnit> creators = classes.stream()
                .filter(ArchitectureTests::isBean)
                .flatMap(type -> Stream.concat(
                        type.getConstructors().stream(),
                        type.getMethods().stream().filter(method -> method.isAnnotatedWith(Bean.class))));

        assertThat(creators)
                .filteredOn(creator -> creator.getRawParameterTypes().size() > MAX_COLLABORATORS)
                .isEmpty();
    }

    /** Names of types are unique, except those of cases of sealed interfaces. */
    @ArchTest
    static void namesOfTypesAreUnique(JavaClasses classes) {
        Stream<JavaClass> types = classes.stream()
                .filter(type -> !type.isAnonymousClass() && !type.isLocalClass())
                .filter(type -> !type.getSimpleName().equals("Action")
                        && !type.getSimpleName().equals("package-info"))
                .filter(type -> !type.getSimpleName().startsWith("Jte"))
                .filter(type -> type.getRawInterfaces().stream().noneMatch(ArchitectureTests::isSealed));

        assertThat(types.collect(Collectors.groupingBy(JavaClass::getSimpleName))
                        .values())
                .filteredOn(named -> named.size() > 1)
                .isEmpty();
    }

    private static boolean isSealed(JavaClass type) {
        return type.getFullName().startsWith(BASE) && type.reflect().isSealed();
    }

    @ArchTest
    static void everyPackageHasItsArrows(JavaClasses classes) {
        Set<String> expected = new TreeSet<>(ARROWS.keySet());
        expected.add("cli");

        assertThat(packagesOf(classes)).containsExactlyInAnyOrderElementsOf(expected);
    }

    @ArchTest
    static void packagesKnowOnlyWhatTheArrowsAllow(JavaClasses classes) {
        Set<String> all = packagesOf(classes);
        ARROWS.forEach((from, allowed) -> {
            Set<String> forbidden = new TreeSet<>(all);
            forbidden.removeAll(allowed);
            forbidden.removeAll(List.of(from, "note", "io"));

            noClasses()
                    .that(areIn(Set.of(from)))
                    .should()
                    .dependOnClassesThat(areIn(forbidden))
                    .check(classes);
        });
    }

    @ArchTest
    static void packagesOfAModuleKnowOnlyWhatTheInnerArrowsAllow(JavaClasses classes) {
        Map<String, Set<String>> arrows = new TreeMap<>();
        classes.stream()
                .collect(Collectors.groupingBy(ArchitectureTests::below))
                .forEach((name, types) -> {
                    String module = packageOf(types.getFirst()) + ".";
                    Set<String> inner = usedBy(types).stream()
                            .filter(used -> (used + ".").startsWith(module))
                            .collect(Collectors.toCollection(TreeSet::new));
                    if (!inner.isEmpty()) {
                        arrows.put(name, inner);
                    }
                });

        assertThat(arrows).isEqualTo(INNER_ARROWS);
    }

    /** Descriptions of packages state what they import beside {@code note} and {@code io}. */
    @ArchTest
    static void descriptionsOfPackagesStateWhatTheyUse(JavaClasses classes) throws IOException {
        Map<String, List<JavaClass>> packages =
                classes.stream().collect(Collectors.groupingBy(ArchitectureTests::below));
        for (String name : packages.keySet()) {
            String module = name.split("\\.")[0];
            Path directory = Path.of("src/main/java", BASE.replace('.', '/'), name.replace('.', '/'));
            Set<String> expected = new TreeSet<>();
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    IMPORT.matcher(Files.readString(file))
                            .results()
                            .map(found -> found.group(1))
                            .forEach(used -> {
                                String other = used.split("\\.")[0];
                                if (!used.equals(name)
                                        && !other.equals("note")
                                        && (!other.equals("io") || module.equals("io"))) {
                                    expected.add(other.equals(module) ? used : other);
                                }
                            });
                }
            }
            Matcher uses = USES.matcher(Files.readString(directory.resolve("package-info.java")));

            assertThat(uses.find()).as(name).isTrue();
            assertThat(NAME.matcher(uses.group(1)).results().map(found -> found.group(1)))
                    .as(name)
                    .containsExactlyElementsOf(expected);
        }
    }

    /** Returns the packages of the program that classes of one package use. */
    private static Set<String> usedBy(List<JavaClass> types) {
        return types.stream()
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .map(dependency -> dependency.getTargetClass().getBaseComponentType())
                .filter(target -> target.getPackageName().startsWith(BASE + "."))
                .map(ArchitectureTests::below)
                .filter(used -> !used.equals(below(types.getFirst())))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @ArchTest
    static void httpClientsAndExecutorsAreCreatedInOnePlace(JavaClasses classes) {
        Stream<JavaClass> creators =
                callersOf(CREATIONS, classes).filter(type -> !packageOf(type).equals("io"));

        assertThat(creators.map(JavaClass::getSimpleName).distinct()).containsExactlyInAnyOrderElementsOf(CREATORS);
    }

    @ArchTest
    static void timeOfDayIsReadFromTheClock(JavaClasses classes) {
        assertThat(callersOf(TIMES, classes).map(JavaClass::getSimpleName))
                .containsExactlyInAnyOrderElementsOf(CLOCKS.keySet());
    }

    /** @param calls prefixes of qualified names of methods and constructors */
    private static Stream<JavaClass> callersOf(List<String> calls, JavaClasses classes) {
        return classes.stream()
                .filter(type -> type.getAccessesFromSelf().stream()
                        .map(access -> access.getTargetOwner().getName() + "."
                                + access.getTarget().getName())
                        .anyMatch(access -> calls.stream().anyMatch(access::startsWith)));
    }

    @ArchTest
    static void everyPackageHasAPurposeAndIsNullMarked(JavaClasses classes) throws ClassNotFoundException {
        Set<String> packages =
                classes.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));
        for (String name : packages) {
            Class<?> info = Class.forName(name + ".package-info");

            assertThat(info).hasAnnotation(NullMarked.class);
        }
    }

    private static Set<String> packagesOf(JavaClasses classes) {
        return classes.stream().map(ArchitectureTests::packageOf).collect(Collectors.toCollection(TreeSet::new));
    }

    private static DescribedPredicate<JavaClass> areIn(Set<String> packages) {
        return DescribedPredicate.describe(
                "are in " + packages,
                type -> (type.getPackageName().equals(BASE)
                                || type.getPackageName().startsWith(BASE + "."))
                        && packages.contains(packageOf(type)));
    }

    private static String packageOf(JavaClass type) {
        return below(type).split("\\.")[0];
    }

    /** Returns the name of a type's package without that of the program. */
    private static String below(JavaClass type) {
        return type.getPackageName().substring(BASE.length()).replaceFirst("^\\.", "");
    }
}
