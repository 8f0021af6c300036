// Who knows where services run.
#include "config/describe.hpp"
#include "config/text_checks.hpp"
#include "config/types.hpp"

namespace gw::config {
namespace {

using namespace std::chrono_literals;
using namespace types;

/// What one type alone asks for, the table of types cannot say.
void check_source(discovery const& d, complain const& report) {
  if (d.type == "dns" && d.record == dns_record::a && d.port == 0) {
    report({"port", "record"}, "missing; an address record has no port, write port = 8080");
  }
  if (d.registers && d.service_name.empty()) {
    report({"service_name", "register"}, "missing; write the name under which the gateway shall be listed");
  }
  if (d.registers && d.advertise.empty()) {
    report({"advertise", "register"}, "missing; write the \"host:port\" at which clients reach this gateway");
  }
}

}  // namespace

// tidy: long function: one table
section<discovery> const& discovery_section() {
  static section<discovery> const it{
      .name = "discovery",
      .form = shape::named,
      .doc = "Somebody who knows where services run, by a name that services refer to.",
      .settings =
          {
              {"type", &discovery::type, source_type{}, "Who is asked, and how.", R"("file")"},
              {"refresh", &discovery::refresh, duration{1s, 24h},
               "Time between two questions, where changes are not told by themselves."},
              {"any_service", &discovery::any_service, flag{},
               "Whether messages may also name services that have no [services.NAME].", "true"},
              {"allow", &discovery::allow, texts{name_fault},
               "Patterns of the services that any_service opens; `*` stands for any characters."},
              {"deny", &discovery::deny, texts{name_fault}, "Patterns of those that it does not."},
              {"networks", &discovery::networks, texts{cidr_fault},
               "Where every address must lie. Empty = anywhere but loopback, link-local, multicast and the gateway's "
               "own addresses."},
              {"allow_empty", &discovery::allow_empty, flag{},
               "Whether an empty list is believed when it has been repeated; else only once nobody of the last one "
               "takes connections."},
              {"required", &discovery::required, flag{}, "Whether /readyz waits for the first answer."},
              {"zone", &discovery::zone, text{or_empty<name_fault>}, "Zone of the instances that name none."},
              {"urls", &discovery::urls, texts{url_fault}, "Base URLs; the next is asked when one does not answer."},
              {"tls.verify", part_of(&discovery::tls, &discovery_tls::verify), flag{},
               "Whether certificate and host name of an https URL are checked."},
              {"tls.ca", part_of(&discovery::tls, &discovery_tls::ca), text{},
               "Who may have issued them, a PEM file; empty = the system's."},
              {"connect_timeout", &discovery::connect_timeout, duration{1ms, 5min}, "Time for one connection."},
              {"read_timeout", &discovery::read_timeout, duration{1ms, 5min}, "Time for one answer to arrive."},
              {"path", &discovery::path, text{}, "file: a .toml or .json file, or a folder of them."},
              {"domain", &discovery::domain, text{or_empty<domain_template_fault>},
               "dns: the name to ask for, with `{service}`."},
              {"record", &discovery::record, choice<dns_record>{{{"srv", dns_record::srv}, {"a", dns_record::a}}},
               "dns: `srv` brings ports and weights, `a` (A and AAAA) addresses only."},
              {"port", &discovery::port, count{0, 65535}, "dns: of instances found by `a`."},
              {"servers", &discovery::servers, texts{network_endpoint_fault},
               "dns: \"IP:PORT\" of name servers; empty = the system's."},
              {"token_file", &discovery::token_file, text{},
               "consul, kubernetes: a file with the token, read again for every request; empty = none."},
              {"datacenter", &discovery::datacenter, text{or_empty<name_fault>},
               "consul: which one; empty = that of the agent."},
              {"tag", &discovery::tag, text{or_empty<name_fault>},
               "consul: the tag that an instance must have; empty = any."},
              {"namespace", &discovery::namespace_name, text{or_empty<name_fault>},
               "kubernetes: which one; empty = that of the pod."},
              {"port_name", &discovery::port_name, text{or_empty<name_fault>},
               "kubernetes: which of several ports; empty = the first."},
              {"label", &discovery::label, text{or_empty<name_fault>},
               "kubernetes: a label selector that the slices must meet too; empty = none."},
              {"prefix", &discovery::prefix, text{or_empty<name_fault>},
               "etcd: of the keys, behind which the names of services follow."},
              {"register", &discovery::registers, flag{}, "eureka: whether the gateway itself is listed there."},
              {"service_name", &discovery::service_name, text{or_empty<name_fault>}, "eureka: as which service."},
              {"advertise", &discovery::advertise, text{or_empty<network_endpoint_fault>},
               "eureka: at which \"host:port\"."},
          },
      .check = check_source};
  return it;
}

}  // namespace gw::config
