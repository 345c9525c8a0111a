#include <cctype>
#include <iostream>

#include <lamina/model.h>

#include "runtime/files.h"
#include "tools/lamina/command.h"

namespace lamina::tools {
namespace {

struct Options {
  std::string model, output, header, name, target, cpu, weights = "embedded";
  std::int64_t batch = 0;
  bool threads = false;
  std::vector<std::string> emit;
};

constexpr const char *stages[] = {"lamina", "linalg", "scheduled", "vector", "llvm", "asm", "obj"};

/// A C identifier from the file's name without folder and ending.
std::string name_from(const std::string &path) {
  std::size_t slash = path.rfind('/'), begin = slash == std::string::npos ? 0 : slash + 1;
  std::string name = path.substr(begin, path.find('.', begin) - begin);
  for (char &c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      c = '_';
  return name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) ? "model_" + name : name;
}

void check_identifier(const std::string &name) {
  bool fits = !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0]));
  for (unsigned char c : name)
    fits = fits && (c == '_' || (c < 0x80 && std::isalnum(c)));
  if (!fits)
    throw UsageError("--name is " + runtime::in_quotes(name) + "; it must be an identifier of C");
}

void compile(const Options &options) {
  bool object = false, text = false;
  for (const std::string &stage : options.emit)
    (stage == "obj" ? object : text) = true;
  object = object || options.emit.empty();
  if (object && options.output.empty())
    throw UsageError("-o is required; it names the object file");
  std::string name = options.name.empty() ? name_from(object ? options.output : options.model) : options.name;
  check_identifier(name);
  bool external = options.weights == "external";
  std::string weights = object && external ? weights_path(options.output) : "";
  if (object && external && (options.output == "-" || weights == options.output))
    throw UsageError("--weights=external writes MODEL.weights beside the object; give -o a name such as MODEL.o");
  for (const std::string &path : {options.output, options.header, weights})
    if (!path.empty())
      runtime::check_writable_file(path);

  ObjectOptions settings;
  settings.name = name;
  settings.batch = options.batch;
  settings.target = options.target;
  settings.cpu = options.cpu;
  settings.threads = options.threads;
  settings.external_weights = external;
  for (const std::string &stage : options.emit)
    if (stage != "obj")
      settings.emit.push_back(stage);
  Model model = load_model(options.model);
  ObjectResult result = compile_object(model, settings);
  if (object) {
    runtime::write_file(options.output, result.object);
    if (!options.header.empty())
      runtime::write_file(options.header, result.header);
    if (external)
      runtime::write_file(weights, result.weights);
  }
  if (text)
    runtime::write_file(object || options.output.empty() ? "-" : options.output, result.text);
}

} // namespace

void add_compile(CLI::App &app) {
  CLI::App *command = app.add_subcommand("compile", "Compile a model ahead of time to an object file and a C header");
  auto options = std::make_shared<Options>();
  add_model(*command, options->model);
  command->add_option("-o,--output", options->output, "the object file")->type_name("MODEL.o");
  command->add_option("--header", options->header, "the C header that declares its functions")->type_name("MODEL.h");
  command->add_option("--name", options->name, "what the functions' names begin with; the file's name by default")
      ->type_name("N");
  command->add_option("--batch", options->batch, "fix the batch; open by default")
      ->type_name("B")
      ->check(CLI::Range(std::int64_t(1), std::int64_t(1) << 40).description(""));
  command->add_option("--target", options->target, "LLVM triple; this machine by default")->type_name("TRIPLE");
  command->add_option("--cpu", options->cpu, "LLVM's name of the CPU")->type_name("NAME");
  command->add_flag("--threads", options->threads, "use threads, through a function that the program gives");
  command
      ->add_option("--weights", options->weights,
                   "embedded in the object, or external: in MODEL.weights beside it, which the program reads")
      ->type_name("WHERE")
      ->check(CLI::IsMember({"embedded", "external"}).description(""));
  command->add_option("--emit", options->emit, "stages to show: lamina, linalg, scheduled, vector, llvm, asm, obj")
      ->type_name("STAGES")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(stages), std::end(stages))).description(""));
  command->callback([options] { compile(*options); });
}

} // namespace lamina::tools
