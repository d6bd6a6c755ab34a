export { type BuildOptions, build, planBuild, type ResumeBuildOptions, resumeBuild } from './build.ts';
export {
  type FoundPortRecipe,
  type FoundRecipe,
  findBuild,
  findRecipe,
  type RecipeSearch,
} from './find-recipe.ts';
export { type BuildByPortOptions, buildByPort } from './port-build.ts';
export { portRecipeJsonSchema } from './port-recipe/schema.ts';
