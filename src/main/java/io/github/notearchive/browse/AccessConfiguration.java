package io.github.notearchive.browse;

import jakarta.servlet.Filter;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.http.HttpHeaders;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationToken;
import org.springframework.security.web.authentication.www.BasicAuthenticationFilter;
import org.springframework.security.web.firewall.FirewalledRequest;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.header.writers.CrossOriginOpenerPolicyHeaderWriter.CrossOriginOpenerPolicy;
import org.springframework.security.web.header.writers.CrossOriginResourcePolicyHeaderWriter.CrossOriginResourcePolicy;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.security.web.util.matcher.IpAddressMatcher;
import org.springframework.web.util.WebUtils;

/**
 * Access to the pages: GET and HEAD of known hosts, and the button of a link, by readers with a session, a password or
 * a trusted proxy.
 *
 * <p>A session comes from the link of {@link Sessions}. Passwords are compared by bcrypt. The header of a proxy counts
 * only if the request comes from one of its addresses.
 */
@Configuration(proxyBeanMethods = false)
@EnableWebSecurity
class AccessConfiguration {

    /** Paths without authentication. */
    private static final String[] OPEN = {EnterController.PATH, "/error", "/assets/**"};

    private static final List<String> METHODS = List.of("GET", "HEAD");

    private static final String POLICY =
            "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; script-src 'self'; connect-src "
                    + "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for "
                    + "'script'; trusted-types 'none'";

    private static final String PERMISSIONS =
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

    /**
     * Refuses other methods, unknown hosts and unusual addresses before anything else reads the request, and requests
     * that a page of another site makes, except links to pages.
     */
    @Bean
    HttpFirewall firewall(BrowseProperties settings) {
        StrictHttpFirewall firewall = new StrictHttpFirewall() {

            @Override
            public FirewalledRequest getFirewalledRequest(HttpServletRequest request) {
                boolean isLink = "navigate".equals(request.getHeader("Sec-Fetch-Mode"))
                        && "document".equals(request.getHeader("Sec-Fetch-Dest"));
                boolean isChange = !METHODS.contains(request.getMethod());
                if (isChange && !isButton(request)) {
                    throw new RequestRejectedException("a request that does not only read");
                }
                if (request.getHeader(HttpHeaders.HOST) == null
                        || ("cross-site".equals(request.getHeader("Sec-Fetch-Site")) && !isLink)) {
                    throw new RequestRejectedException("a request without host, or of another site");
                }
                return super.getFirewalledRequest(request);
            }
        };
        firewall.setUnsafeAllowAnyHttpMethod(true); // decided above
        firewall.setAllowedHostnames(settings::isKnownHost);
        firewall.setAllowedParameterValues(value -> value.indexOf('\0') < 0); // PostgreSQL rejects it
        firewall.setAllowUrlEncodedPercent(true); // of topics
        firewall.setAllowUrlEncodedSlash(true);
        firewall.setAllowSemicolon(true);
        return firewall;
    }

    private static boolean isButton(HttpServletRequest request) {
        return "POST".equals(request.getMethod()) && EnterController.PATH.equals(request.getRequestURI());
    }

    @Bean
    RequestRejectedHandler rejections() {
        return (request, response, _) -> {
            boolean isMethod = !METHODS.contains(request.getMethod()) && !isButton(request);
            if (isMethod) {
                response.setHeader(HttpHeaders.ALLOW, String.join(", ", METHODS));
            }
            response.setStatus(
                    isMethod ? HttpServletResponse.SC_METHOD_NOT_ALLOWED : HttpServletResponse.SC_BAD_REQUEST);
            response.setHeader("Content-Security-Policy", POLICY);
            response.setHeader("X-Content-Type-Options", "nosniff");
            response.setContentType("text/plain;charset=UTF-8");
            response.getWriter()
                    .println(
                            isMethod
                                    ? "The pages only read: GET and HEAD are the methods."
                                    : "This request is not allowed. Nothing was read.");
        };
    }

    /** Created at the start, which reads the users file. */
    @Bean
    @Lazy(false)
    SecurityFilterChain access(HttpSecurity http, BrowseProperties settings, Sessions sessions, Clock clock)
            throws Exception {
        http.csrf(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .authorizeHttpRequests(requests ->
                        requests.requestMatchers(OPEN).permitAll().anyRequest().authenticated())
                .addFilterBefore(readers(settings, sessions), BasicAuthenticationFilter.class)
                .headers(headers -> headers.contentSecurityPolicy(csp -> csp.policyDirectives(POLICY))
                        .referrerPolicy(referrer -> referrer.policy(ReferrerPolicy.NO_REFERRER))
                        .crossOriginOpenerPolicy(opener -> opener.policy(CrossOriginOpenerPolicy.SAME_ORIGIN))
                        .crossOriginResourcePolicy(resource -> resource.policy(CrossOriginResourcePolicy.SAME_ORIGIN))
                        .permissionsPolicyHeader(permissions -> permissions.policy(PERMISSIONS)));
        if (settings.usersFile().isBlank()) {
            http.exceptionHandling(failures -> failures.authenticationEntryPoint(
                    (_, response, _) -> response.sendError(HttpServletResponse.SC_UNAUTHORIZED)));
        } else {
            http.httpBasic(basic -> basic.realmName("note-archive"))
                    .authenticationProvider(Passwords.read(Path.of(settings.usersFile()), clock));
        }
        return http.build();
    }

    /** Accepts the session of a cookie, or the user that a trusted proxy names. */
    private static Filter readers(BrowseProperties settings, Sessions sessions) {
        List<IpAddressMatcher> proxies =
                settings.trustedProxies().stream().map(IpAddressMatcher::new).toList();
        return (request, response, chain) -> {
            HttpServletRequest http = (HttpServletRequest) request;
            Cookie cookie = WebUtils.getCookie(http, Sessions.COOKIE);
            boolean isTrusted = proxies.stream().anyMatch(proxy -> proxy.matches(request.getRemoteAddr()));
            String reader = cookie != null && sessions.isValid(cookie.getValue())
                    ? cookie.getValue()
                    : isTrusted ? http.getHeader(settings.userHeader()) : null;
            if (reader != null && !reader.isBlank()) {
                SecurityContextHolder.setContext(
                        new SecurityContextImpl(new PreAuthenticatedAuthenticationToken(reader, "", List.of())));
            }
            chain.doFilter(request, response);
        };
    }
}
