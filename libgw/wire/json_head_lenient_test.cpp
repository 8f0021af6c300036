#include "wire/json_head_rows.hpp"

namespace gw::wire {
namespace {

using enum head_verdict;

TEST_CASE("a text whose first name opens with ' is read leniently") {
  check({
      {R"({'method': '/api/v1/x/y', 'data': ''})", found, "/api/v1/x/y"},
      {R"({'method':"/a"})", found, "/a"},
      {R"({ 'a':1, "method":'/a' })", found, "/a"},
      {R"({'a':1, method:'/a', b_$1-x:2})", found, "/a"},
      {R"({'a':[1,{b:'c'},"d"],method:'/a'})", found, "/a"},
      {R"({'a':'say "hi"]','method':'/a"b'})", found, "/a\"b"},
      {R"({'a':"it's ]",'b':[ "'" , '"', '\'' ],'method':'/it\'s'})", found, "/it's"},
      {R"({'m\u0065thod':'\/a'})", found, "/a"},
      {R"({'a':1})", no_key},
      {R"({'a':{method:'/a'}})", no_key},
  });
}

TEST_CASE("all the other checks hold for lenient texts too") {
  check({
      {R"({'method':'/a',method:'/b'})", bad_key},
      {R"({'method':'/a',"method":'/b'})", bad_key},
      {R"({'x':1,method:'/a','m\u0065thod':'/b'})", bad_key},
      {R"({'method':1})", bad_key},
      {R"({'method':'\ud800'})", bad_key},
      {R"({'method':"/a'})", not_json},
      {R"({'a':'b,'method':'/a'})", not_json},
      {R"({'a':1 method:'/a'})", not_json},
      {R"({'a':1,9x:1,method:'/a'})", not_json},
      {R"({'a':1,-x:1,method:'/a'})", not_json},
      {R"({'a':1,m\u0065thod:'/a'})", not_json},
      {R"({'a':1,})", not_json},
      {R"({'a':[},method:'/a'})", not_json},
      {"{'a':'\n',method:'/a'}", not_json},
      {"{'a':['\\\n'],method:'/a'}", not_json},
      {"{'a':" + repeat(63, "[") + repeat(63, "]") + ",method:'/a'}", found, "/a"},
      {"{'a':" + repeat(64, "[") + repeat(64, "]") + ",method:'/a'}", not_json},
  });
}

TEST_CASE("lenient texts are held to the level as well") {
  check({{R"({'method':'/a','b':[1})", not_json}, {R"({'method':'/a'} x)", not_json}, {R"({'method':'/a')", not_json}},
        {.level = validation::structure});
  check({{R"({'method':'/a',b:['c',{d:1.5e3}]})", found, "/a"},
         {R"({'method':'/a',b:tru})", not_json},
         {R"({'method':'/a',b:['\x']})", not_json},
         {R"({'method':'/a',b:[1,]})", not_json},
         {R"({'method':'/a',b:bare})", not_json}},
        {.level = validation::grammar});
}

TEST_CASE("leniency can be refused and never begins in the middle of a text") {
  check({{R"({'method':'/a'})", not_json}, {R"({"method":"/a"})", found, "/a"}}, {.lenient = false});
  check({
      {R"({method:'/a'})", not_json},
      {R"({"a":1,'method':'/a'})", not_json},
      {R"({"a":'x',"method":"/a"})", not_json},
      {R"({"method":'/a'})", not_json},
      {R"({"a":"don't","method":"/it's"})", found, "/it's"},
      {R"({"a":["it's",{"b":"'"}],"method":"/a"})", found, "/a"},
  });
}

}  // namespace
}  // namespace gw::wire
